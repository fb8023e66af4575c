"""Checks of what several sections share: references, money, periods, trees, outcomes."""

from collections.abc import Iterable
from decimal import Decimal

from loyalty_ledger.domain.program.currency import EXPONENTS
from loyalty_ledger.domain.program.document import resolve
from loyalty_ledger.domain.program.problems import Place, listed
from loyalty_ledger.domain.program.zones import zone_names
from loyalty_ledger.domain.values import minor_units

LISTS = ("skus", "categories", "brands")


class Names:
    """What can be referred to, and what is needed to judge the references."""

    def __init__(self, root: Place):
        self.accounts = root["point_accounts"].ids()
        self.spendable = {
            account["id"].text
            for account in root["point_accounts"].each()
            if account["spendable"].value is not False
        }
        self.fed_by = {
            source["id"].text: dict.fromkeys(
                name for account in source["accounts"].each() if (name := account.text)
            )
            for source in root["point_sources"].each()
        }
        self.sources = root["point_sources"].ids()
        self.offers = root["offers"].ids()
        self.systems = root["tier_systems"].ids()
        self.levels = {
            system["id"].text: system["levels"].ids() for system in root["tier_systems"].each()
        }
        self.promotions = root["promotions"].ids()
        self.code_kinds = {
            promotion["id"].text: promotion["kind"].text for promotion in root["promotions"].each()
        }
        self.currency = root["currency"].text or ""
        zone = root["time_zone"].text
        self.zone_name = zone if zone in zone_names() else "UTC"


def check_unique(items: Iterable[Place], key: str) -> None:
    """No two items have the same text under the key; upper and lower case are the same."""
    seen: dict[str, Place] = {}
    for item in items:
        text = item[key].text
        first = seen.setdefault(text.casefold(), item) if text else item
        if first is not item:
            item[key].say(f"{key} {text!r} is there already: each {key} is used once")


def check_money(amount: Place, names: Names) -> None:
    """An amount is not finer than the currency's minor unit."""
    number, exponent = amount.number, EXPONENTS.get(names.currency)
    if number is None or exponent is None:
        return
    try:
        minor_units(number, exponent)
    except ValueError:
        unit = format(Decimal(1).scaleb(-exponent), "f")
        amount.say(f"{number} is finer than the smallest unit of {names.currency}, {unit}")


def check_period(holder: Place, names: Names) -> None:
    """What starts and ends does so in that order."""
    starts, ends = holder["starts"].moment, holder["ends"].moment
    if starts is None or ends is None:
        return
    if resolve(starts, names.zone_name) >= resolve(ends, names.zone_name):
        holder["ends"].say(
            f"must be after the start, {holder['starts'].value}; an end is exclusive"
        )


def check_levels(levels: Place, names: Names) -> None:
    """Tier systems and their levels exist, and a system is not named without levels."""
    for system, chosen in levels.entries():
        if not _is_system(chosen, system, names):
            continue
        if chosen.value == []:
            chosen.say("names no level, so nobody would qualify; name some, or leave it out")
        for level in chosen.each():
            level.must_be_one_of(names.levels[system], f"level of {system}")


def _is_system(place: Place, system: str, names: Names) -> bool:
    if system not in names.systems:
        place.say(f"no tier system {system!r}; {place.known(names.systems, system)}")
    return system in names.systems


def check_selector(selector: Place) -> None:
    """A selector was not emptied by mistake: an empty list alone would take every item."""
    written = [selector[key] for key in LISTS if selector[key].value == []]
    asked = [part for key in LISTS for part in (selector[key], selector["exclude"][key])]
    if written and not any(part.count() for part in asked):
        written[0].say("an empty list would take every item; name some, or leave the selector out")


def check_tree(node: Place, names: Names) -> None:
    """The accounts in a tree exist, and its money is money."""
    if not node:
        return
    for key in ("all", "any"):
        for below in node[key].each():
            check_tree(below, names)
    node["points_earned"]["account"].must_be_one_of(names.accounts, "point account")
    check_money(node["spend"]["amount"], names)
    check_money(node["transactions"]["minimum_total"], names)


def check_outcomes(outcomes: Place, names: Names, *, bought: bool) -> None:
    """What outcomes name exists. `bought`: a purchase is there to award by amount or quantity."""
    for outcome in outcomes.each():
        check_award(outcome["award"], names, bought=bought)
        outcome["issue"].must_be_one_of(names.offers, "offer")
        code = outcome["code"]
        if code.must_be_one_of(names.promotions, "promotion"):
            kind = names.code_kinds.get(code.text)
            if kind in ("multi_use", "third_party"):
                code.say(f"only single-use codes can be drawn, but {code.text} is {kind}")


def check_award(award: Place, names: Names, *, bought: bool) -> None:
    """An award's account, source and levels exist and fit."""
    if not award:
        return
    account, source = award["account"], award["source"]
    account.must_be_one_of(names.accounts, "point account")
    if source.must_be_one_of(names.sources, "point source"):
        fed = names.fed_by[source.text]
        if account.text in names.accounts and account.text not in fed:
            source.say(f"{source.text} does not feed {account.text}; it feeds {listed(fed)}")
    check_money(award["per_amount"], names)
    if award["per_amount"] and award["per_quantity"]:
        award["per_quantity"].say("points go by amount or by quantity, not by both")
    for key in ("per_amount", "per_quantity"):
        if award[key] and not bought:
            award[key].say("there is no purchase here to measure: give a fixed number of points")
    _check_rates(award["by_level"], names)


def _check_rates(by_level: Place, names: Names) -> None:
    for system, rates in by_level.entries():
        if _is_system(rates, system, names):
            for level, rate in rates.entries():
                if level not in names.levels[system]:
                    near = rate.known(names.levels[system], level)
                    rate.say(f"no level of {system} {level!r}; {near}")
