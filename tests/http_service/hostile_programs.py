"""Programs that are right but for one thing, or wrong in one way a thousand times, and large."""

from collections.abc import Callable
from typing import Any

from offers.till import document

Part = dict[str, Any]
_AWARD = {"account": "points", "source": "purchases", "points": 10}
_GIFT = [{"issue": "euro"}]
_SPRING = {"starts": "2026-03-01", "ends": "2026-04-01", "outcomes": _GIFT}
_CODED = {"name": "Ours", "kind": "multi_use", "code": "C", "outcomes": _GIFT}
_OFFER = {"title": "An offer of ours", "discount": {"kind": "manual"}}


def _with(section: str, count: int, make: Callable[[int], Part], **last: Any) -> Part:
    """The shop's program with so many parts of a section; the last one is other than they are."""
    parts = [{"id": f"part-of-ours-{number}"} | make(number) for number in range(count)]
    parts[-1] |= last
    known = document()
    return known | {section: [*known.get(section, ()), *parts]}


def _rules(count: int, make: Callable[[int], Part] = lambda _: {"award": _AWARD}) -> Part:
    return _with("rules", count, make)


def _selecting(skus: int) -> Callable[[int], Part]:
    def rule(number: int) -> Part:
        return {"award": _AWARD, "when": {"items": {"skus": [f"S{one}" for one in range(skus)]}}}

    return rule


def _rolling(into: Callable[[int], int], count: int = 690) -> Part:
    def account(number: int) -> Part:
        expiry = {"kind": "rolling", "after": "P2M", "into": f"part-of-ours-{into(number)}"}
        return {"name": "Ours", "expiry": expiry}

    return _with("point_accounts", count, account)


def _nested(deep: int) -> Part:
    tree: Part = {"points_earned": {"account": "nowhere", "amount": 1}}
    for _ in range(deep):
        tree = {"all": [tree, {"points_earned": {"account": "points", "amount": 1}}]}
    return {"award": _AWARD, "when": {"requires": tree}}


def _many_names() -> Part:
    offers = _with("offers", 340, lambda _: _OFFER)
    wrong = _rules(340, lambda number: {"outcomes": [{"issue": f"part-of-our-{number}x"}]})
    return wrong | {"offers": offers["offers"]}


def _fed(count: int) -> Part:
    feeds = {"id": "fed", "name": "Fed", "accounts": ["points"] * 3_000}
    rule = {"award": {"account": "credits", "source": "fed", "points": 1}}
    return _rules(count, lambda _: rule) | {
        "point_sources": [*document()["point_sources"], feeds],
    }


_SAME = {"id": "part-of-ours-0"}
_NOWHERE = {"award": _AWARD | {"account": "nowhere"}}
PROGRAMS: dict[str, Callable[[], Part]] = {
    "3,000 rules, one of an account that is not there": lambda: _with(
        "rules", 3_000, lambda _: {"award": _AWARD}, **_NOWHERE
    ),
    "3,000 rules, two of one id": lambda: _with("rules", 3_000, lambda _: _NOWHERE, **_SAME),
    "900 rules of 40 items": lambda: _with("rules", 900, _selecting(40), **_SAME),
    "130 rules of 49 items": lambda: _with("rules", 130, _selecting(49), **_SAME),
    "70 rules of 100 items": lambda: _rules(70, _selecting(100)),
    "690 rules, one of an account that is not there": lambda: _with(
        "rules", 690, lambda _: {"award": _AWARD}, **_NOWHERE
    ),
    "690 rules, two of one id": lambda: _with("rules", 690, lambda _: {"award": _AWARD}, **_SAME),
    "690 rules of one id": lambda: _rules(690, lambda _: {"award": _AWARD} | _SAME),
    "690 rules of accounts that are not there": lambda: _rules(690, lambda _: _NOWHERE),
    "690 rules with a key that is not known": lambda: _rules(
        690, lambda number: {"award": _AWARD | {f"points_of_account_{number}": 1}}
    ),
    "690 rules with points that are no number": lambda: _rules(
        690, lambda _: {"award": _AWARD | {"points": "many"}}
    ),
    "340 names that are nearly those of 340 offers": _many_names,
    "690 accounts that roll over, the last into none": lambda: _rolling(lambda one: one + 1),
    "690 accounts that roll over in one circle": lambda: _rolling(lambda one: (one + 1) % 690),
    "690 accounts that roll over in pairs": lambda: _rolling(lambda one: one ^ 1),
    "690 rules of a source that feeds another account": lambda: _fed(690),
    "18 trees of 24 branches in each other": lambda: _rules(18, lambda _: _nested(24)),
    "690 campaigns, two of one id": lambda: _with("campaigns", 690, lambda _: _SPRING, **_SAME),
    "690 promotions of one code": lambda: _with("promotions", 690, lambda _: _CODED),
    "690 offers, two of one id": lambda: _with("offers", 690, lambda _: _OFFER, **_SAME),
}
