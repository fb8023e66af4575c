"""Programs and sales of any kind, small enough that everything meets everything."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from laws.reference_program import Document
from loyalty_ledger.domain.events.sales import (
    Discount,
    Line,
    Payment,
    SaleHeader,
    TransactionReceived,
)
from loyalty_ledger.domain.rules import Item
from specification import at

ITEMS = {
    "beans": Item(("DRINKS", "COFFEE"), "acme"),
    "latte": Item(("DRINKS", "COFFEE", "HOT"), None),
    "muffin": Item(("BAKERY",), "acme"),
    "card": Item(("GIFTS",), "bono"),
}
SKUS = st.sampled_from([*ITEMS, "unlisted"])
START = at("2026-03-01 00:00")
CUSTOMERS = st.sampled_from(["ann", "ben"])
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIODS = st.sampled_from(["P1D", "P7D", "P1M", "PT24H", "P20D"])
MONEY = st.sampled_from(["0.50", "1.00", "5.00", "10.00", "12.34"])
LEVELS = {"club": ["low", "mid", "top"], "season": ["cold", "warm"]}


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    """Any of these keys, each more often left out than not."""
    return st.fixed_dictionaries({}, optional=optional)


def rarely(strategy: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    """Nothing, in two cases of three."""
    return st.one_of(st.just({}), st.just({}), strategy)


NAMES = some(
    skus=st.lists(SKUS, min_size=1, max_size=2),
    categories=st.lists(
        st.sampled_from(["DRINKS", "COFFEE", "HOT", "GIFTS"]), min_size=1, max_size=2
    ),
    brands=st.just(["acme"]),
)
SELECTORS = st.builds(lambda own, out: own | ({"exclude": out} if out else {}), NAMES, NAMES)
LEAVES = st.one_of(
    st.builds(
        lambda more: {"points_earned": {"account": "credits", **more}},
        st.fixed_dictionaries({"amount": st.integers(1, 60)}, optional={"within": PERIODS}),
    ),
    st.builds(
        lambda more: {"spend": more},
        st.fixed_dictionaries({"amount": MONEY}, optional={"within": PERIODS}),
    ),
    st.builds(
        lambda more: {"transactions": more},
        st.fixed_dictionaries(
            {"count": st.integers(1, 4)}, optional={"within": PERIODS, "minimum_total": MONEY}
        ),
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(below, min_size=1, max_size=2)),
        st.builds(lambda parts: {"any": parts}, st.lists(below, min_size=1, max_size=2)),
    ),
    max_leaves=3,
)
RATES = st.sampled_from([1, 2, 7, "0.3", "1.25", "10.5"])
CHOSEN = some(
    club=st.lists(st.sampled_from(LEVELS["club"]), min_size=1, unique=True),
    season=st.lists(st.sampled_from(LEVELS["season"]), min_size=1, unique=True),
)
BY_LEVEL = some(
    club=st.dictionaries(st.sampled_from(LEVELS["club"]), RATES, min_size=1),
    season=st.dictionaries(st.sampled_from(LEVELS["season"]), RATES, min_size=1),
)
LIMITS = rarely(
    some(
        per_customer=st.fixed_dictionaries(
            {"times": st.integers(1, 3)}, optional={"period": PERIODS}
        ),
        total=st.integers(1, 5),
        points=st.integers(5, 100),
    )
)
ISSUES = st.sampled_from([{"issue": "muffin"}, {"issue": "mug"}])


@st.composite
def awards(draw: st.DrawFn, *, bought: bool = True) -> Document:
    """An award by money, by quantity, or once."""
    how = draw(
        st.sampled_from(
            [{}, {"per_amount": "1.00"}, {"per_amount": "0.30"}, {"per_quantity": "1.5"}]
            if bought
            else [{}]
        )
    )
    by_level = draw(rarely(BY_LEVEL))
    return {
        "account": draw(st.sampled_from(["points", "credits", "credits"])),
        "source": draw(st.sampled_from(["shop", "gifts"])),
        "points": draw(RATES),
        **how,
        **({"by_level": by_level} if by_level else {}),
    }


def outcomes(*, bought: bool = True) -> st.SearchStrategy[list[Document]]:
    """One to three outcomes."""
    award = awards(bought=bought).map(lambda award: {"award": award})
    return st.lists(st.one_of(award, award, ISSUES), min_size=1, max_size=3)


WHEN = some(
    items=SELECTORS,
    minimum_spend=MONEY,
    quantity=st.sampled_from(["1", "2.5"]),
    channels=st.just(["APP"]),
    stores=st.just(["s1"]),
    payment_types=st.just(["CASH"]),
    days=st.lists(st.sampled_from(DAYS), min_size=3, unique=True),
    hours=st.sampled_from([["08:00", "20:00"], ["12:00", "12:30"]]),
    include_free_items=st.booleans(),
    requires=TREES,
)


@st.composite
def earnings(draw: st.DrawFn, number: int, kind: str) -> Document:
    """A rule or a campaign."""
    on_event = draw(st.sampled_from([False, False, False, True]))
    made: Document = {"id": f"{kind}-{number}", "limits": draw(LIMITS)}
    when = draw(rarely(WHEN))
    if on_event:
        made["on"] = {"event": "sign-in"}
        when = {key: when[key] for key in ("days", "hours", "requires") if key in when}
    made["when"] = when
    if draw(st.sampled_from([False, False, True])):
        made["exclusive_group"] = "one-of"
    chosen = draw(rarely(CHOSEN))
    if kind == "rule":
        made |= {"levels": chosen, "outcomes": draw(outcomes(bought=not on_event))}
    else:
        starts = draw(st.sampled_from(["2026-02-20", "2026-03-05T12:00:00"]))
        made |= {"audience": {"levels": chosen}, "starts": starts}
        made |= {"ends": draw(st.sampled_from(["2026-03-08", "2026-04-30"]))}
        made["outcomes"] = draw(outcomes(bought=not on_event))
    return made


@st.composite
def levels(draw: st.DrawFn, system: str) -> list[Document]:
    """The levels of a tier system, lowest first."""
    made: list[Document] = []
    for rank, name in enumerate(LEVELS[system]):
        level: Document = {"id": name, "name": name}
        if rank:
            level["entrance"] = draw(TREES)
            level["on_entry"] = draw(st.just([]) | outcomes(bought=False))
        if rank and draw(st.booleans()):
            every = draw(st.sampled_from(["P5D", "P1M"]))
            level["maintenance"] = {"every": every, "requires": draw(TREES)}
        made.append(level)
    return made


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A whole program."""
    points: Document = {"id": "points", "name": "Points"}
    points["expiry"] = {"kind": "rolling", "after": draw(st.sampled_from(["P10D", "P1M"]))}
    if draw(st.sampled_from([False, False, True])):
        points["maximum_balance"] = draw(st.integers(10, 60))
    issuance = some(
        per_customer=st.integers(1, 2), total=st.integers(1, 3), ends=st.just("2026-03-20")
    )
    discount = {"kind": "manual"}
    return {
        "point_accounts": [
            points,
            {"id": "credits", "name": "Credits", "expiry": {"kind": "never"}},
        ],
        "point_sources": [
            {"id": "shop", "name": "Shop", "accounts": ["points", "credits"]},
            {
                "id": "gifts",
                "name": "Gifts",
                "accounts": ["points", "credits"],
                "limits": draw(LIMITS),
            },
        ],
        "offers": [
            {"id": name, "title": name, "discount": discount, "issuance": draw(rarely(issuance))}
            for name in ("muffin", "mug")
        ],
        "tier_systems": [
            {"id": system, "name": system, "levels": draw(levels(system))} for system in LEVELS
        ],
        "rules": [draw(earnings(n, "rule")) for n in range(draw(st.integers(1, 4)))],
        "campaigns": [draw(earnings(n, "campaign")) for n in range(draw(st.integers(0, 3)))],
    }


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """The lines of a sale; now and then one that gives something back."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        back = draw(st.sampled_from([1, 1, 1, 1, 1, -1]))
        money = draw(st.sampled_from([0, 100, 499, 500, 1000, 2345]))
        made.append(
            Line(
                line_id=str(number),
                item_id=draw(SKUS),
                subtotal=back * money,
                quantity=back * draw(st.sampled_from([Decimal(1), Decimal(3), Decimal("0.5")])),
                tax=back * draw(st.sampled_from([0, 0, money // 10])),
            )
        )
    return made


PAYMENT = st.builds(
    Payment,
    amount=st.sampled_from([0, 100, 250, 1000, -300]),
    type=st.sampled_from(["CARD", "CASH", "POINTS"]),
    customer_id=st.sampled_from(["ann", "ben", None]),
)
PAYMENTS = st.one_of(
    CUSTOMERS.map(lambda name: [Payment(amount=1000, customer_id=name)]),
    st.lists(PAYMENT, max_size=4),
)
DISCOUNTS = st.lists(
    st.builds(
        Discount,
        amount=st.sampled_from([50, 333, 2000]),
        stack_order=st.integers(0, 1),
        lines=st.just([]) | st.just(["0", "1"]),
    ),
    max_size=2,
)


@st.composite
def sales(draw: st.DrawFn) -> TransactionReceived:
    """A closed sale somewhere within seven weeks; sales do not arrive in the order of time."""
    hours = draw(st.integers(0, 49 * 24)) if draw(st.booleans()) else draw(st.integers(0, 200))
    when = START + timedelta(hours=hours) + draw(st.sampled_from([0, 1])) * timedelta(minutes=30)
    return TransactionReceived(
        at=when,
        open_time=when,
        store_id=draw(st.sampled_from(["s1", "s2"])),
        transaction_id="",
        time_zone=draw(st.sampled_from(["America/New_York", "America/Los_Angeles"])),
        is_closed=True,
        is_voided=False,
        lines=draw(lines()),
        payments=draw(PAYMENTS),
        discounts=draw(st.just([]) | DISCOUNTS),
        header=SaleHeader(channel=draw(st.sampled_from(["POS", "APP", None]))),
        program_version=1,
        catalog_version=1,
        body_digest="",
    )


SIGN_INS = st.tuples(
    CUSTOMERS, st.integers(0, 49 * 24).map(lambda hours: START + timedelta(hours=hours))
)
ARRIVALS = st.lists(st.one_of(sales(), sales(), sales(), SIGN_INS), min_size=1, max_size=12)
