"""Given two customers, when the one goes on as the other, then he has what both had."""

from typing import Any

import pytest

from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.merging import (
    PointsMovedIn,
    PointsMovedOut,
    PromoCodeMoved,
    TiersMovedIn,
)
from loyalty_ledger.domain.events.promotions import PromoCodeWithdrawn
from loyalty_ledger.domain.events.tiers import TierEntered, TierEntryRewarded
from loyalty_ledger.domain.mergeable import Merge
from loyalty_ledger.domain.merging import merge_customers
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.streams import customer_of, tiers_of, usage_of, wallet_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.domain.wallet import Spend, spend
from specification import MONDAY_NOON, Shop, at, awards, every, line, only, paid, program, rule

LATER = at("2026-03-10 12:00")
GOLD: dict[str, Any] = {
    "id": "club",
    "name": "Club",
    "levels": [
        {"id": "bronze", "name": "Bronze"},
        {
            "id": "gold",
            "name": "Gold",
            "entrance": {"spend": {"amount": "30.00"}},
            "on_entry": [{"award": awards(5)}],
        },
    ],
}


def shop(**sections: Any) -> Shop:
    made = Shop(program(rules=[rule()], **sections))
    for customer in ("ann", "bob"):
        made.enrols(customer)
    return made


def buys(shop: Shop, who: str, dollars: str, number: str) -> None:
    shop.sells(line("tea", dollars), transaction_id=number, payments=[paid(who, dollars)])


def merge(shop: Shop, when: Any = LATER) -> list[Event]:
    streams = shop.states
    merge = Merge(
        "bob",
        "ann",
        when,
        shop.newest,
        shop.programs,
        offers=[
            name.removeprefix("offer/")
            for name, state in streams.items()
            if name.startswith("offer/") and state.customer_id == "bob"
        ],
        sales=[
            name
            for name, state in streams.items()
            if name.startswith("sale/") and "bob" in state.payers
        ],
        history=[event for _, event in shop.history],
    )
    shop.decides(lambda draft: merge_customers(merge, draft))
    return shop.last


def state(shop: Shop, stream: str) -> Any:
    return Draft(shop.states).state(stream)


def test_lots_keep_their_end_and_bear_new_numbers() -> None:
    told = shop()
    buys(told, "ann", "10.00", "1")
    buys(told, "bob", "20.00", "2")
    (before,) = state(told, wallet_of("bob")).holdings.account("points").lots.tail
    moved = only(PointsMovedIn, merge(told))
    hers = state(told, wallet_of("ann")).holdings
    assert [(lot.lot, lot.remaining) for lot in hers.account("points").lots.tail] == [
        (1, 10),
        (2, 20),
    ]
    assert hers.account("points").lots.tail[1].due == before.due
    assert hers.account("points").lots.tail[1].earned_at == before.earned_at
    assert moved.numbering == 1 and hers.next_lot == 3
    assert told.points("bob") == 0 and told.lifetime("ann") == 30


@pytest.mark.parametrize("debtor", ["ann", "bob"])
def test_debt_of_either_is_repaid_by_the_other(debtor: str) -> None:
    told = shop()
    other = "bob" if debtor == "ann" else "ann"
    buys(told, debtor, "10.00", "1")
    buys(told, other, "25.00", "2")
    owes(told, debtor)
    assert told.points(debtor) == -10
    moved = only(PointsMovedIn, merge(told))
    account = state(told, wallet_of("ann")).holdings.account("points")
    assert (account.lots.total, account.debt) == (15, 0)
    assert moved.accounts[0].repaid == 10
    assert moved.accounts == only(PointsMovedOut, told.last).accounts


def owes(told: Shop, who: str) -> None:
    """The ten points of sale 1 are spent, and then the sale comes back."""
    spends(told, who, 10)
    told.sells(
        transaction_id="1",
        payments=[paid(who, "10.00")],
        is_voided=True,
        at=at("2026-03-03 12:00"),
    )


def spends(told: Shop, who: str, points: int) -> None:
    command = Spend(
        customer_id=who,
        account="points",
        points=points,
        at=MONDAY_NOON,
        reference="elsewhere",
        program=told.programs[1],
        program_version=1,
    )
    stream = wallet_of(who)
    told.decides(lambda draft: draft.emit(stream, spend(command, draft.state(stream)), who))


def test_together_they_reach_what_neither_had_and_its_entry_is_rewarded() -> None:
    told = shop(tier_systems=[GOLD])
    buys(told, "ann", "20.00", "1")
    buys(told, "bob", "20.00", "2")
    events = merge(told)
    assert only(TierEntered, events).level == "gold"
    assert told.level("ann") == "gold" and told.level("bob") == "bronze"
    assert told.points("ann") == 45


@pytest.mark.parametrize("better", ["ann", "bob"])
def test_the_higher_level_stays_with_its_since_and_gives_nothing_again(better: str) -> None:
    told = shop(tier_systems=[GOLD])
    other = "bob" if better == "ann" else "ann"
    buys(told, better, "40.00", "1")
    buys(told, other, "10.00", "2")
    since = state(told, tiers_of(better)).levels["club"].since
    events = merge(told)
    assert not every(TierEntered, events) and not every(TierEntryRewarded, events)
    assert state(told, tiers_of("ann")).levels["club"].since == since
    assert len(only(TiersMovedIn, events).levels) == (better == "bob")
    assert state(told, tiers_of("ann")).rewarded == ("club/gold",)
    assert told.points("ann") == 55


def test_a_lower_level_that_comes_changes_nothing() -> None:
    silver = {"id": "silver", "name": "S", "entrance": {"spend": {"amount": "10.00"}}}
    bronze, gold = GOLD["levels"]
    told = shop(tier_systems=[GOLD | {"levels": [bronze, silver, gold]}])
    buys(told, "ann", "40.00", "1")
    buys(told, "bob", "10.00", "2")
    assert told.level("bob") == "silver"
    before = state(told, tiers_of("ann")).levels
    merge(told)
    assert state(told, tiers_of("ann")).levels == before


def test_a_return_that_costs_the_level_takes_back_what_it_had_given_to_both() -> None:
    told = shop(tier_systems=[GOLD])
    buys(told, "ann", "30.00", "1")
    buys(told, "bob", "30.00", "2")
    merge(told)
    assert told.points("ann") == 70
    for number, who in (("1", "ann"), ("2", "ann")):
        told.sells(
            transaction_id=number,
            payments=[paid(who, "30.00")],
            is_voided=True,
            at=at("2026-03-11 12:00"),
        )
    assert told.level("ann") == "bronze"
    assert told.points("ann") == 0 and told.lifetime("ann") == 0


def test_what_limits_count_adds_up_and_stays_as_it_was_over_all() -> None:
    limited = [rule(limits={"total": 100, "per_customer": {"times": 3}})]
    told = Shop(program(rules=limited))
    for customer in ("ann", "bob"):
        told.enrols(customer)
    for number, who in enumerate(("ann", "bob", "bob")):
        buys(told, who, "10.00", str(number))
    over_all = {k: v for k, v in told.states.items() if k.startswith("limit/")}
    merge(told)
    assert {k: v for k, v in told.states.items() if k.startswith("limit/")} == over_all
    assert state(told, usage_of("ann")).of("rule:base").times == 3
    buys(told, "ann", "10.00", "9")
    assert told.limits_hit == ["per_customer"]


def test_an_offer_stays_locked_and_is_the_others() -> None:
    treat = {"id": "treat", "title": "T", "discount": {"kind": "amount_off_check", "amount": "1"}}
    told = shop(offers=[treat])
    (offer,) = told.gives("treat", "bob")
    told.locks(offer.offer_id, line("tea", "5.00"), sale="7")
    merge(told, MONDAY_NOON)
    now = told.offer(offer.offer_id)
    assert (now.customer_id, now.state, now.transaction) == ("ann", OfferState.LOCKED, "s1/7")


def test_who_waits_for_a_sale_that_failed_is_not_merged() -> None:
    told = shop()
    arrived = told.receives(line("tea", "5.00"), payments=[paid("bob", "5.00")])
    told.fails(arrived)
    assert state(told, customer_of("bob")).waiting
    with pytest.raises(Rejected) as refusal:
        merge(told)
    assert refusal.value.code is Reason.NOT_AVAILABLE


def idle_pair() -> Shop:
    """Bob and Ann, each with a sale, merged; half of what they have is lost a month later."""
    idle = {"kind": "inactivity", "after": "P30D", "percent": 50}
    told = shop(
        point_accounts=[{"id": "points", "name": "Points", "expiry": idle}],
        point_sources=[{"id": "shop", "name": "Shop", "accounts": ["points"]}],
    )
    buys(told, "bob", "100.00", "bobs")
    told.sells(line("tea", "60.00"), transaction_id="anns", when=at("2026-03-09 12:00"))
    merge(told)
    return told


@pytest.mark.parametrize("back", ["bobs", "anns", "both"])
def test_what_comes_back_after_a_merge_takes_its_points_and_leaves_the_activity_of_then(
    back: str,
) -> None:
    told = idle_pair()
    for number in ("bobs", "anns"):
        if back in (number, "both"):
            told.sells(number=number, to="ann", at=at("2026-03-20 12:00"), is_voided=True)
    left = {"bobs": 60, "anns": 100, "both": 0}[back]
    assert told.points() == left
    assert told.balance(at("2026-04-08 11:59")) == left
    assert told.balance(at("2026-04-08 12:00")) == left // 2


def test_what_comes_back_after_a_merge_is_not_given_back_what_inactivity_took_of_it() -> None:
    told = idle_pair()
    told.sells(number="bobs", to="ann", at=at("2026-04-10 12:00"), is_voided=True)
    assert told.points() == 60  # of bob's hundred, eighty were lost


def test_codes_that_a_level_had_drawn_for_both_go_with_the_level() -> None:
    gift = {"id": "gift", "name": "G", "kind": "single_use", "outcomes": [{"award": awards(1)}]}
    bronze, gold = GOLD["levels"]
    levels = [bronze, gold | {"on_entry": [{"code": "gift"}]}]
    told = shop(tier_systems=[GOLD | {"levels": levels}], promotions=[gift])
    buys(told, "ann", "30.00", "1")
    buys(told, "bob", "30.00", "2")
    moved = only(PromoCodeMoved, merge(told))
    his, hers = sorted(told.states[one].drawn_for for one in told.states if "promo-code/" in one)
    assert (his, hers, moved.first_drawn_for, moved.state) == ("ann", "ann", "bob", "drawn")
    for number in ("1", "2"):
        told.sells(number=number, payments=[paid("ann", "30.00")], is_voided=True, at=LATER)
    assert told.level("ann") == "bronze"
    gone = every(PromoCodeWithdrawn, [event for _, event in told.history])
    assert [one.customer_id for one in gone] == ["ann", "ann"]
