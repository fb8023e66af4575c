"""How customers come by offers: bought in a reward store or given; all of it or nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from loyalty_ledger.domain.clawing import ClawBack
from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import AccountSpent, OfferIssued
from loyalty_ledger.domain.events.points import LotPoints, PointsExpired, PointsSpent
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.domain.wallet import WALLET
from offer_examples import NOON, TINY, minutes, treat
from specification import TILL, Shop, at, awards, every, line, only, program, rule

NEVER = {"kind": "never"}
MONTH = {"kind": "rolling", "after": "P30D"}
DUE = at("2026-04-01 12:00")  # what was earned on Monday noon is gone


def store(*sold: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A reward store that sells the treat for 50 points unless told otherwise."""
    offers = list(sold) or [for_sale()]
    return {"id": "shelf", "name": "S", "point_accounts": ["points"], "offers": offers, **more}


def for_sale(**more: Any) -> dict[str, Any]:
    return {"id": "treat-50", "offer": "treat", "price": 50, **more}


def accounts(**expiries: dict[str, Any]) -> dict[str, Any]:
    """Point accounts, each with a rule that gives a point for every dollar spent on its item."""
    return {
        "point_accounts": [{"id": n, "name": n, "expiry": e} for n, e in expiries.items()],
        "point_sources": [{"id": "shop", "name": "Shop", "accounts": list(expiries)}],
        "rules": [
            rule(
                id=name,
                award=awards(1, name, per_amount="1.00"),
                when={"items": {"skus": [name]}},
            )
            for name in expiries
        ],
    }


def club(shelf: dict[str, Any], *, points: int = 100, **sections: Any) -> Shop:
    """A club with that reward store, where ann has so many points since noon."""
    everything = accounts(points=MONTH) | {"offers": [treat()], "reward_stores": [shelf]}
    shop = Shop(program(**everything | sections))
    if points:
        earns(shop, points)
    return shop


def earns(
    shop: Shop, points: int, account: str = "points", when: datetime = NOON, who: str = "ann"
) -> None:
    shop.sells(line(account, f"{points}.00"), when=when, to=who)


def refused(reason: Reason, ask: Callable[[], object], shop: Shop) -> Rejected:
    """What is refused spends nothing, counts nothing and issues nothing."""
    before = dict(shop.states), list(shop.history)
    with pytest.raises(Rejected) as refusal:
        ask()
    assert refusal.value.code is reason
    assert (shop.states, shop.history) == before
    return refusal.value


def cannot_buy(reason: Reason, shop: Shop, **more: Any) -> Rejected:
    return refused(reason, lambda: shop.buys("treat-50", **more), shop)


# --- bought -------------------------------------------------------------------------------------


def test_a_purchase_spends_counts_and_issues_in_one_commit() -> None:
    shop = club(store())
    (bought,) = shop.buys("treat-50", when=minutes(5))
    kinds = [type(event) for event in shop.last]
    assert kinds == [PointsSpent, *[GrantCounted] * 4, OfferIssued]
    spent = only(PointsSpent, shop.last)
    assert (spent.account, spent.points, spent.spent_at) == ("points", 50, minutes(5))
    assert spent.reference == f"offer:{bought.offer_id}"
    assert shop.points() == 50
    assert shop.offer(bought.offer_id).customer_id == "ann"


def test_a_bought_offer_says_where_it_was_bought_and_what_was_paid() -> None:
    shop = club(store())
    (bought,) = shop.buys("treat-50", when=minutes(5))
    spent = only(PointsSpent, shop.last)
    assert bought.rule == "reward_store:shelf/treat-50"
    assert (bought.reward_store, bought.store_offer, bought.price) == ("shelf", "treat-50", 50)
    assert bought.paid == [AccountSpent(account="points", points=50, lots=spent.lots)]
    assert (bought.by, bought.why, bought.program_version) == (TILL, "bought", 1)
    assert bought.issued_at == minutes(5)
    # Everything follows from the event that counts the purchase.
    assert bought.cause == spent.cause == "usage/ann@1"
    assert {counted.cause for counted in every(GrantCounted, shop.last)} == {bought.cause}
    assert only(OfferIssued, shop.last) is bought


def test_a_spend_says_what_each_lot_was() -> None:
    shop = club(store(), points=30)
    earns(shop, 40, when=minutes(60))
    shop.buys("treat-50", when=minutes(90))
    assert only(PointsSpent, shop.last).lots == [
        LotPoints(lot=1, points=30, earned_at=NOON, expires_at=DUE, program_version=1),
        LotPoints(
            lot=2,
            points=20,
            earned_at=minutes(60),
            expires_at=at("2026-04-01 13:00"),
            program_version=1,
        ),
    ]


def test_a_lot_that_never_ends_has_no_end() -> None:
    shop = club(store(), **accounts(points=NEVER))
    shop.buys("treat-50")
    (lot,) = only(PointsSpent, shop.last).lots
    assert (lot.earned_at, lot.expires_at, lot.program_version) == (NOON, None, 1)


def test_a_purchase_is_dated_no_earlier_than_the_points_it_spends() -> None:
    shop = club(store(), points=0)
    earns(shop, 50, when=minutes(60))
    (bought,) = shop.buys("treat-50", when=minutes(50))
    assert (bought.issued_at, bought.at) == (minutes(50), minutes(60))
    assert only(PointsSpent, shop.last).at == minutes(60)


def test_exactly_enough_is_enough_and_a_point_less_says_how_much_is_missing() -> None:
    assert club(store(), points=50).buys("treat-50")
    refusal = cannot_buy(Reason.INSUFFICIENT_POINTS, club(store(), points=38))
    assert refusal.message == "12 points short"
    assert refusal.details == {"price": 50, "available": 38, "short": 12}
    refusal = cannot_buy(Reason.INSUFFICIENT_POINTS, club(store(), points=49))
    assert refusal.message == "1 point short"
    assert cannot_buy(Reason.INSUFFICIENT_POINTS, club(store(), points=0)).details["short"] == 50


def test_what_costs_nothing_takes_no_points() -> None:
    shop = club(store(for_sale(price=0)), points=0)
    (bought,) = shop.buys("treat-50")
    assert (bought.price, bought.paid) == (0, [])
    assert every(PointsSpent, shop.last) == []


@pytest.mark.parametrize("recorded", [False, True])
def test_points_that_expired_do_not_count_recorded_or_not(recorded: bool) -> None:
    shop = club(store())
    assert len(shop.buys("treat-50", when=DUE - TINY)) == 1
    if recorded:
        shop.keeps_time(DUE)
    refusal = cannot_buy(Reason.INSUFFICIENT_POINTS, shop, when=DUE)
    assert refusal.details["available"] == 0


def test_what_fell_due_is_recorded_before_the_points_are_spent() -> None:
    shop = club(store())
    earns(shop, 60, when=minutes(60))
    shop.buys("treat-50", when=DUE)
    expired, spent = only(PointsExpired, shop.last), only(PointsSpent, shop.last)
    assert (expired.points, expired.at) == (100, DUE)
    assert [lot.lot for lot in spent.lots] == [2]


def test_several_are_bought_together_or_not_at_all() -> None:
    shop = club(store(for_sale(per_customer=3)), points=120)
    refusal = cannot_buy(Reason.INSUFFICIENT_POINTS, shop, quantity=3)
    assert refusal.details == {"price": 150, "available": 120, "short": 30}
    one, other = shop.buys("treat-50", quantity=2)
    assert one.offer_id != other.offer_id
    assert (one.price, other.price, shop.points()) == (50, 50, 20)
    cannot_buy(Reason.LIMIT_REACHED, shop, quantity=2)


@pytest.mark.parametrize("quantity", [0, -1, 101])
def test_how_many_must_make_sense(quantity: int) -> None:
    shop = club(store())
    cannot_buy(Reason.VALIDATION, shop, quantity=quantity)
    refused(Reason.VALIDATION, lambda: shop.gives("treat", quantity=quantity), shop)


def test_what_no_store_sells_is_not_found() -> None:
    shop = club(store())
    refusal = refused(Reason.OFFER_NOT_FOUND, lambda: shop.buys("treat"), shop)
    assert refusal.details == {"sold": ["treat-50"]}


# --- from several accounts ----------------------------------------------------------------------


def test_what_ends_first_is_spent_first_over_all_accounts() -> None:
    shelf = store(point_accounts=["points", "bonus"])
    shop = club(shelf, points=0, **accounts(points=MONTH, bonus=MONTH))
    for minute, account in enumerate(["bonus", "points", "bonus"]):
        earns(shop, 20, account, minutes(minute))
    (bought,) = shop.buys("treat-50", when=minutes(9))
    assert [(p.account, p.points, [x.lot for x in p.lots]) for p in bought.paid] == [
        ("bonus", 30, [1, 3]),
        ("points", 20, [2]),
    ]
    assert [spent.points for spent in every(PointsSpent, shop.last)] == [30, 20]
    assert (shop.points(), shop.points(account="bonus")) == (0, 10)


def test_an_account_that_cannot_be_spent_from_is_left_out() -> None:
    sections = accounts(points=MONTH, escrow=MONTH)
    sections["point_accounts"][1]["spendable"] = False
    shop = club(store(point_accounts=["escrow", "points"]), points=45, **sections)
    earns(shop, 100, "escrow")
    assert cannot_buy(Reason.INSUFFICIENT_POINTS, shop).message == "5 points short"


def test_points_of_accounts_the_store_does_not_take_are_no_help() -> None:
    shop = club(store(), points=45, **accounts(points=MONTH, bonus=MONTH))
    earns(shop, 100, "bonus")
    assert cannot_buy(Reason.INSUFFICIENT_POINTS, shop).message == "5 points short"


def test_a_debt_is_no_money_and_lowers_no_other_account() -> None:
    shelf = store(point_accounts=["points", "bonus"])
    shop = club(shelf, points=10, **accounts(points=MONTH, bonus=MONTH))
    owes(shop, 40)
    earns(shop, 49, "bonus")
    assert shop.points() == -30
    assert cannot_buy(Reason.INSUFFICIENT_POINTS, shop).details["available"] == 49
    earns(shop, 1, "bonus")
    (bought,) = shop.buys("treat-50")
    assert [paid.account for paid in bought.paid] == ["bonus"]
    assert shop.points() == -30


def owes(shop: Shop, points: int) -> None:
    """An award of noon is taken back, although its points are gone."""
    command = ClawBack(
        customer_id="ann", account="points", points=points, program=shop.programs[1],
        program_version=1, cause="sale/s1/1@2", at=NOON, own_lots=[1], awarded_at=NOON, rule="x",
    )  # fmt: skip
    (back,) = WALLET.decide(command, shop.states["wallet/ann"])
    shop.decides(lambda draft: draft.emit("wallet/ann", back, "ann"))


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sold", "issuance", "limit"),
    [
        ({"per_customer": 2}, {}, "per_customer"),
        ({"inventory": 2}, {}, "inventory"),
        ({}, {"per_customer": 2}, "per_customer"),
        ({}, {"total": 2}, "total"),
    ],
)
def test_every_limit_is_counted_with_the_purchase(
    sold: dict[str, Any], issuance: dict[str, Any], limit: str
) -> None:
    shop = club(store(for_sale(**sold)), points=500, offers=[treat(issuance=issuance)])
    earns(shop, 50, who="bob")
    shop.buys("treat-50")
    assert cannot_buy(Reason.LIMIT_REACHED, shop, quantity=2).details["left"] == 1
    shop.buys("treat-50")
    assert cannot_buy(Reason.LIMIT_REACHED, shop).details == {"limit": limit, "left": 0}
    if limit == "per_customer":
        assert shop.buys("treat-50", by="bob")
    else:
        cannot_buy(Reason.LIMIT_REACHED, shop, by="bob")


def test_nothing_in_stock_is_nothing_for_sale() -> None:
    cannot_buy(Reason.LIMIT_REACHED, club(store(for_sale(inventory=0))))


def test_what_was_given_counts_as_issued_but_not_as_sold() -> None:
    shop = club(store(for_sale(per_customer=1)), offers=[treat(issuance={"per_customer": 2})])
    shop.gives("treat")
    shop.buys("treat-50")
    refused(Reason.LIMIT_REACHED, lambda: shop.gives("treat"), shop)


# --- who and when -------------------------------------------------------------------------------

CLUB: dict[str, Any] = {
    "tier_systems": [
        {
            "id": "club",
            "name": "C",
            "levels": [
                {"id": "base", "name": "B"},
                {
                    "id": "gold",
                    "name": "G",
                    "entrance": {"spend": {"amount": "150.00", "within": "P30D"}},
                    "maintenance": {
                        "every": "P30D",
                        "requires": {"spend": {"amount": "1.00", "within": "P30D"}},
                    },
                },
            ],
        }
    ]
}


def test_a_store_for_a_level_is_for_that_level() -> None:
    shop = club(store(levels={"club": ["gold"]}), **CLUB)
    refusal = cannot_buy(Reason.NOT_ELIGIBLE, shop)
    assert refusal.details == {"levels": {"club": ["gold"]}, "held": {"club": "base"}}
    earns(shop, 50)
    assert shop.buys("treat-50")


def test_a_level_that_is_lost_by_then_is_not_held_recorded_or_not() -> None:
    shop = club(store(for_sale(price=0), levels={"club": ["gold"]}), points=150, **CLUB)
    assert shop.buys("treat-50", when=DUE - TINY)
    assert shop.level() == "gold"
    cannot_buy(Reason.NOT_ELIGIBLE, shop, when=DUE)
    shop.keeps_time(DUE)
    cannot_buy(Reason.NOT_ELIGIBLE, shop, when=DUE)


def test_a_store_by_invitation_is_for_who_has_any_of_its_tags() -> None:
    shop = club(store(tags=["vip", "staff"]))
    assert cannot_buy(Reason.NOT_ELIGIBLE, shop).details == {"invitation": True}
    shop.enrols("bob", tags=["regular", "staff"])
    earns(shop, 50, who="bob")
    assert shop.buys("treat-50", by="bob")


PERIOD = {"starts": "2026-03-03T08:00:00", "ends": "2026-03-04"}


@pytest.mark.parametrize(
    ("shelf", "issuance"),
    [
        (store(**PERIOD), {}),
        (store(for_sale(**PERIOD)), {}),
        (store(), PERIOD),
    ],
)
def test_a_period_begins_at_its_beginning_and_is_over_at_its_end(
    shelf: dict[str, Any], issuance: dict[str, Any]
) -> None:
    shop = club(shelf, offers=[treat(issuance=issuance)])
    begins, ends = at("2026-03-03 08:00"), at("2026-03-04 00:00")
    cannot_buy(Reason.NOT_AVAILABLE, shop, when=begins - TINY)
    cannot_buy(Reason.NOT_AVAILABLE, shop, when=ends)
    assert shop.buys("treat-50", when=begins)
    assert shop.buys("treat-50", when=ends - TINY)


def test_what_can_be_used_no_more_is_not_sold() -> None:
    shop = club(store(), offers=[treat(redemption={"ends": "2026-03-03"})])
    cannot_buy(Reason.NOT_AVAILABLE, shop, when=at("2026-03-03 00:00"))
    assert shop.buys("treat-50", when=at("2026-03-03 00:00") - TINY)


# --- given by hand ------------------------------------------------------------------------------


def test_a_gift_is_counted_and_says_who_gave_it_and_why() -> None:
    shop = club(store(), points=0)
    one, other = shop.gives("treat", quantity=2, when=minutes(5))
    assert (one.by, one.why, one.rule) == (TILL, "sorry", "by_hand:issue")
    assert (one.cause, other.cause) == ("usage/ann@1", "usage/ann@2")
    assert one.offer_id != other.offer_id
    assert (one.price, one.paid, one.reward_store) == (0, [], "")
    assert [c.subject for c in every(GrantCounted, shop.last)] == ["offer:treat"] * 4


@pytest.mark.parametrize("limit", ["per_customer", "total"])
def test_gifts_are_limited_too(limit: str) -> None:
    shop = club(store(), offers=[treat(issuance={limit: 2})])
    shop.gives("treat")
    refusal = refused(Reason.LIMIT_REACHED, lambda: shop.gives("treat", quantity=2), shop)
    assert refusal.details == {"limit": limit, "left": 1}
    assert shop.gives("treat")


def test_what_is_not_issued_now_cannot_be_given() -> None:
    shop = club(store(), offers=[treat(issuance={"starts": "2026-03-03"})])
    refusal = refused(Reason.NOT_AVAILABLE, lambda: shop.gives("treat"), shop)
    starts = at("2026-03-03 00:00")
    assert refusal.details == {"period": "issuance_period", "starts": starts.isoformat()}
    assert shop.gives("treat", when=starts)


def test_what_the_program_does_not_have_cannot_be_given() -> None:
    shop = club(store())
    refusal = refused(Reason.OFFER_NOT_FOUND, lambda: shop.gives("mug"), shop)
    assert refusal.details == {"offers": ["treat"]}
