"""Checks of rules, campaigns and promotions."""

from loyalty_ledger.domain.program.check_parts import (
    LISTS,
    Names,
    check_award,
    check_levels,
    check_money,
    check_outcomes,
    check_period,
    check_selector,
    check_tree,
)
from loyalty_ledger.domain.program.problems import Place

MOST_RESTRICTIONS = 49

_NEED_A_PURCHASE = (
    "items",
    "minimum_spend",
    "quantity",
    "channels",
    "stores",
    "payment_types",
    "include_free_items",
)


def check_rule(rule: Place, names: Names) -> None:
    """A rule has one kind of outcome, and all it names exists."""
    bought = not isinstance(rule["on"].value, dict)
    check_levels(rule["levels"], names)
    check_award(rule["award"], names, bought=bought)
    check_outcomes(rule["outcomes"], names, bought=bought)
    if rule["award"] and rule["outcomes"]:
        rule["outcomes"].say("a rule has either `award` or `outcomes`, not both")
    elif isinstance(rule.value, dict) and not (rule["award"] or rule["outcomes"]):
        rule["award"].say("is missing: a rule has either `award` or `outcomes`")
    _check_earning(rule, names, bought=bought)


def check_campaign(campaign: Place, names: Names) -> None:
    """A campaign runs for some time, and all it names exists."""
    bought = not isinstance(campaign["on"].value, dict)
    check_period(campaign, names)
    check_levels(campaign["audience"]["levels"], names)
    check_outcomes(campaign["outcomes"], names, bought=bought)
    _check_earning(campaign, names, bought=bought)


def check_promotion(promotion: Place, names: Names) -> None:
    """A promotion has a code of its own exactly when one code is for many."""
    check_period(promotion, names)
    check_outcomes(promotion["outcomes"], names, bought=False)
    kind = promotion["kind"].value
    if kind == "multi_use" and not promotion["code"]:
        promotion["code"].say("is missing: a multi_use promotion has one code for all")
    if kind in ("single_use", "third_party") and promotion["code"]:
        promotion["code"].say(f"a {kind} promotion has many codes, which do not stand here")


def _check_earning(earning: Place, names: Names, *, bought: bool) -> None:
    when = earning["when"]
    if not when:
        return
    check_money(when["minimum_spend"], names)
    check_tree(when["requires"], names)
    _check_items(earning, when["items"])
    _check_hours(when["hours"])
    for key in () if bought else _NEED_A_PURCHASE:
        if when[key].value:
            when[key].say("asks about a purchase, but a customer event sets this off")


def _check_items(earning: Place, items: Place) -> None:
    if not items:
        return
    check_selector(items)
    lists = [part[key] for part in (items, items["exclude"]) for key in LISTS]
    count = sum(part.count() for part in lists)
    if count > MOST_RESTRICTIONS:
        items.say(
            f"{earning['id'].text or 'this'} holds {count} catalog restrictions, excludes counted;"
            f" at most {MOST_RESTRICTIONS} are allowed: name categories instead of items"
        )


def _check_hours(hours: Place) -> None:
    times = [time.value for time in hours.each()]
    if len(times) != 2 or not all(isinstance(time, str) for time in times):
        return
    first, second = map(str, times)
    if first >= second:
        hours.say(
            f"must begin before it ends, unlike {first} to {second}; for hours that pass midnight"
            ' write two rules, one until "24:00" and one from "00:00"'
        )
