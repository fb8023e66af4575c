"""What must fit together in a program document, beyond the shape of each part.

The checks walk the document as it was written, whatever else is wrong with it, so that everything
is found at once.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from loyalty_ledger.domain.program.check_earning import (
    check_campaign,
    check_promotion,
    check_rule,
)
from loyalty_ledger.domain.program.check_offers import check_offer, check_reward_store
from loyalty_ledger.domain.program.check_parts import (
    Names,
    check_outcomes,
    check_tree,
    check_unique,
)
from loyalty_ledger.domain.program.problems import Findings, Location, Place
from loyalty_ledger.domain.values import Period

LONGEST_RETURN_WINDOW = Period(months=12)
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check(document: dict[str, object], comparisons: int) -> list[tuple[Location, str]]:
    """Every problem between the parts of a document, as its place and a sentence.

    So many names are compared with wrong ones, for a hint at what was meant.
    """
    found = Findings(comparisons)
    root = Place(document, found)
    names = Names(root)
    _check_return_window(root["return_window"])
    _check_accounts(root["point_accounts"], names)
    _check_sources(root["point_sources"], names)
    for section, checker in (
        ("offers", check_offer),
        ("reward_stores", check_reward_store),
        ("tier_systems", _check_tier_system),
        ("rules", check_rule),
        ("campaigns", check_campaign),
        ("promotions", check_promotion),
    ):
        check_unique(root[section].each(), "id")
        for item in root[section].each():
            checker(item, names)
    check_unique(_sold(root), "id")
    check_unique(root["promotions"].each(), "code")
    return found


def _sold(root: Place) -> list[Place]:
    return [sold for store in root["reward_stores"].each() for sold in store["offers"].each()]


def _check_return_window(window: Place) -> None:
    try:
        length = Period.parse(window.value) if isinstance(window.value, str) else None
    except ValueError:
        return
    if length is not None and _ever_longer(length, LONGEST_RETURN_WINDOW):
        window.say(f"a return window is at most {LONGEST_RETURN_WINDOW}, not {length}")


def _ever_longer(length: Period, limit: Period) -> bool:
    """Whether the period is longer than the limit when it begins on some day of four years."""
    if length == limit:
        return False
    days = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(1461))
    return any(length.after(day, "UTC") > limit.after(day, "UTC") for day in days)


def _check_accounts(accounts: Place, names: Names) -> None:
    check_unique(accounts.each(), "id")
    for account in accounts.each():
        if account["default"].value is True and account["spendable"].value is False:
            account["default"].say(
                "automatic spends take from default accounts, but this one is not spendable"
            )
        expiry = account["expiry"]
        expiry["into"].must_be_one_of(names.accounts, "point account")
        if expiry["kind"].value == "fixed_date":
            _check_day(expiry)
    _check_circles(accounts.each())


def _check_day(expiry: Place) -> None:
    month, day = expiry["month"].number, expiry["day"].number
    if month is not None and month > 12:
        expiry["month"].say(f"a month is 1 to 12, not {month}")
    elif month and day is not None and day > _LAST_DAYS[int(month) - 1]:
        expiry["day"].say(f"month {month} has no day {day}")


def _check_circles(accounts: Iterable[Place]) -> None:
    into = {
        name: (target, account["expiry"]["into"])
        for account in accounts
        if (name := account["id"].text) and (target := account["expiry"]["into"].text)
    }
    for circle in _circles({name: target for name, (target, _) in into.items()}):
        shown = [*circle[:_MOST_SHOWN], *(["…"] if len(circle) > _MOST_SHOWN else []), circle[0]]
        into[circle[0]][1].say(f"points would roll over in a circle: {' → '.join(shown)}")


_MOST_SHOWN = 24


def _circles(into: Mapping[str, str]) -> list[list[str]]:
    """Every circle, each from the first of its names on. No name is gone through twice."""
    rank = {name: number for number, name in enumerate(into)}
    found, walked = [], set[str]()
    for start in into:
        path: dict[str, None] = {}
        here = start
        while here in into and here not in walked and here not in path:
            path[here] = None
            here = into[here]
        walked.update(path)
        if here in path:
            circle = [*path][[*path].index(here) :]
            first = circle.index(min(circle, key=rank.__getitem__))
            found.append(circle[first:] + circle[:first])
    return sorted(found, key=lambda circle: rank[circle[0]])


def _check_sources(sources: Place, names: Names) -> None:
    check_unique(sources.each(), "id")
    for source in sources.each():
        for account in source["accounts"].each():
            account.must_be_one_of(names.accounts, "point account")


def _check_tier_system(system: Place, names: Names) -> None:
    levels = system["levels"].each()
    check_unique(levels, "id")
    for rank, level in enumerate(levels):
        if rank == 0:
            _check_first_level(level)
        elif isinstance(level.value, dict) and not level["entrance"]:
            level["entrance"].say("is missing: every level but the first needs one")
        check_tree(level["entrance"], names)
        check_tree(level["maintenance"]["requires"], names)
        check_outcomes(level["on_entry"], names, bought=False)


def _check_first_level(level: Place) -> None:
    if level["entrance"]:
        level["entrance"].say("everybody starts in the first level: it has no entrance")
    if level["maintenance"]:
        level["maintenance"].say("there is no level below the first: it has no maintenance")
    if level["on_entry"].each():
        level["on_entry"].say("everybody starts in the first level: nobody ever enters it")
