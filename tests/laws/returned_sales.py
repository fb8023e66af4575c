"""Sales that come back in pieces, among other things that happen meanwhile."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from laws.programs_and_sales import CUSTOMERS, START, documents, outcomes, sales
from laws.reference_program import Document
from loyalty_ledger.domain.events.sales import Line, Payment, TransactionReceived

HOURS = st.sampled_from([0, 0, 1, 30, 24 * 6, 24 * 13])
LATER_HOURS = st.sampled_from([1, 1, 1, 30, 24 * 6, 24 * 13])
SHAPES = st.sampled_from(["left out", "zero", "negative"])
PAYING = st.sampled_from(["as before", "less", "negative", "not told"])
ENDINGS = st.sampled_from(["as before", "void", "void empty", "no lines"])
WHOLE = 2


class Version(NamedTuple):
    """A version of the sale, `after` hours after what happened before it."""

    after: int
    sale: TransactionReceived


class Other(NamedTuple):
    """Another sale; `back` when it is voided at once."""

    after: int
    sale: TransactionReceived
    back: bool


class Spending(NamedTuple):
    """A customer spends a part, in percent, of what he can."""

    after: int
    customer: str
    account: str
    percent: int


class Use(NamedTuple):
    """An offer that was issued, the newest first, is used elsewhere."""

    after: int
    which: int


Step = Version | Other | Spending | Use


class Scenario(NamedTuple):
    """What happens before the sale, and from the sale on until all of it is back."""

    document: Document
    before: Sequence[Step]
    since: Sequence[Step]


@st.composite
def programs(draw: st.DrawFn, *, codes: bool = True) -> Document:
    """A whole program, with debts forbidden or points that roll over, now and then.

    And with codes that rules, campaigns and levels draw, unless told otherwise.
    """
    document = draw(documents())
    if codes and draw(st.booleans()):
        _draws_codes(draw, document)
    points = document["point_accounts"][0]
    points["allow_negative"] = draw(st.booleans())
    points["expiry"] = draw(
        st.sampled_from(
            [
                points["expiry"],
                {"kind": "rolling", "after": "P9M"},
                {"kind": "rolling", "after": "P8D", "into": "later"},
                {"kind": "inactivity", "after": "P2D", "percent": 50},
                {"kind": "inactivity", "after": "P4D", "percent": 80},
            ]
        )
    )
    expiry = draw(
        st.sampled_from(
            [
                {"kind": "never"},
                {"kind": "rolling", "after": "P15D"},
                {"kind": "inactivity", "after": "P9D", "percent": 30},
            ]
        )
    )
    document["point_accounts"].append({"id": "later", "name": "Later", "expiry": expiry})
    for offer in document["offers"]:
        offer["on_return"] = draw(st.sampled_from(["reinstate", "restore_points", "none"]))
        offer["redemption"] = draw(st.sampled_from([{}, {"after_issue": "P10D"}]))
    return document


def _draws_codes(draw: st.DrawFn, document: Document) -> None:
    """Some outcomes draw a code of the promotion `gift`, too."""
    gift: Document = {"id": "gift", "name": "Gift", "kind": "single_use"}
    gift["outcomes"] = draw(outcomes(bought=False))
    gift |= draw(st.sampled_from([{}, {}, {"total": 1}, {"ends": "2026-03-20"}]))
    document["promotions"] = [gift]
    earning = [*document["rules"], *document["campaigns"]]
    given = [one["outcomes"] for one in earning]
    levels = [level for system in document["tier_systems"] for level in system["levels"]]
    given += [level["on_entry"] for level in levels if level.get("on_entry")]
    for one in given:
        if draw(st.booleans()):
            one.append({"code": "gift"})


def kept(lines: Sequence[Line], left: Sequence[int], shape: str) -> list[Line]:
    """The lines with only so many halves left of each, told in one of the shapes in use."""
    found, back = [], []
    for line, halves in zip(lines, left, strict=True):
        now = replace(
            line,
            subtotal=line.subtotal * halves // WHOLE,
            quantity=line.quantity * halves / WHOLE,
            tax=line.tax * halves // WHOLE,
        )
        if shape == "negative" and line.subtotal >= 0 and line.quantity > 0:
            found.append(line)
            gone = replace(
                line,
                line_id=f"back-{line.line_id}",
                subtotal=now.subtotal - line.subtotal,
                quantity=now.quantity - line.quantity,
                tax=now.tax - line.tax,
            )
            back += [gone] if halves < WHOLE else []
        elif halves or shape != "left out":
            found.append(now)
    return [*found, *back]


def paid(sale: TransactionReceived, halves: int, how: str) -> list[Payment]:
    """The payments once only this part of the sale, in halves of all lines, is kept."""
    whole = WHOLE * len(sale.lines)
    if how == "not told":
        return []
    if how == "less":
        return [replace(one, amount=one.amount * halves // whole) for one in sale.payments]
    if how == "negative":
        gone = [
            replace(one, amount=one.amount * halves // whole - one.amount) for one in sale.payments
        ]
        return [*sale.payments, *(one for one in gone if one.amount)]
    return sale.payments


@st.composite
def versions(draw: st.DrawFn, most: int = 3, *, growing: bool = True) -> list[Version]:
    """A sale and its later versions; the last keeps nothing of it."""
    first = replace(draw(sales()), transaction_id="main", body_digest="1")
    left, made = [WHOLE] * len(first.lines), [Version(draw(HOURS), first)]
    for _ in range(draw(st.integers(0, most))):
        highest = [WHOLE] * len(left) if growing and draw(st.booleans()) else left
        left = [draw(st.integers(0, most)) for most in highest]
        shape, paying = draw(SHAPES), draw(PAYING)
        version = replace(
            first, lines=kept(first.lines, left, shape), payments=paid(first, sum(left), paying)
        )
        made.append(Version(draw(LATER_HOURS), version))
    return [*made, Version(draw(LATER_HOURS), draw(endings(first)))]


@st.composite
def endings(draw: st.DrawFn, first: TransactionReceived) -> TransactionReceived:
    """The sale with nothing left of it."""
    how, paying = draw(ENDINGS), draw(PAYING)
    payments = paid(first, 0, paying)
    if how == "void":
        return replace(first, is_voided=True, is_closed=draw(st.booleans()))
    lines = [] if how != "as before" else kept(first.lines, [0] * len(first.lines), draw(SHAPES))
    if any(line.subtotal > 0 for line in lines) and any(line.subtotal < 0 for line in first.lines):
        lines = []  # what one line gives back is not another's to give back again
    return replace(first, lines=lines, payments=payments, is_voided=how == "void empty")


OTHERS = st.builds(Other, HOURS, sales(), st.sampled_from([False, False, False, True]))
SPENDINGS = st.builds(
    Spending,
    HOURS,
    CUSTOMERS,
    st.sampled_from(["points", "points", "credits", "later"]),
    st.sampled_from([30, 100]),
)
USES = st.builds(Use, HOURS, st.integers(0, 3))
MEANWHILE = st.one_of(OTHERS, SPENDINGS, USES)


@st.composite
def scenarios(draw: st.DrawFn, *, meanwhile: int = 3, codes: bool = True) -> Scenario:
    """A sale that comes back, and what happens before and meanwhile."""
    since: list[Step] = []
    for version in draw(versions()):
        since.append(version)
        since += draw(st.lists(MEANWHILE, max_size=1)) if meanwhile else []
    while since and not isinstance(since[-1], Version):
        since.pop()
    before = draw(st.lists(MEANWHILE, max_size=meanwhile))
    return Scenario(draw(programs(codes=codes)), before, since)


@st.composite
def idle_scenarios(draw: st.DrawFn) -> Scenario:
    """A sale that comes back, between others, where points end soon after nothing happens."""
    document = draw(programs())
    for account in document["point_accounts"]:
        days, percent = draw(st.integers(1, 6)), draw(st.sampled_from([50, 80]))
        account["expiry"] = {"kind": "inactivity", "after": f"P{days}D", "percent": percent}
    gives = {"account": "points", "source": "shop", "points": 3, "per_amount": "1.00"}
    document["rules"] = [*document["rules"], {"id": "always", "award": gives}]
    since: list[Step] = []
    for version in draw(versions(most=2)):
        since += [version, *draw(st.lists(OTHERS, max_size=1))]
    return Scenario(document, draw(st.lists(OTHERS, min_size=1, max_size=3)), since)


def later(moment: datetime, step: Step) -> datetime:
    """When the step takes place."""
    return moment + timedelta(hours=step.after)


BEGIN = START
