"""A closed sale redeems what it carries; what it may not have is flagged, and the sale stands."""

from datetime import datetime
from typing import Any

import pytest

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.events.offers import (
    DiscountChanged,
    DiscountNotHonoured,
    OfferLockLapsed,
    OfferRedeemed,
    OfferTakenOffCheck,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.sales import Discount, TransactionReceived
from loyalty_ledger.domain.offer import OfferState
from loyalty_ledger.domain.values import Reason
from offer_examples import (
    ENDS,
    LUNCH,
    NOBODYS,
    NOON,
    TIMEOUT,
    TINY,
    club,
    minutes,
    reinstate,
    revoke,
    taken,
    treat,
    unlock,
    until,
)
from specification import MONDAY_NOON, Shop, every, off, only

LOCK_ENDS = NOON + TIMEOUT


def locked(*offers: dict[str, Any], sale: str = "1", when: datetime = NOON) -> tuple[Shop, str]:
    """A shop where sale 1 has locked the treat of ann at noon."""
    shop = club(*offers)
    treated = shop.gives("treat")[0].offer_id
    shop.locks(treated, LUNCH, sale=sale, when=when)
    return shop, treated


def closes(shop: Shop, *carried: str, cents: int = 250, **more: Any) -> list[Any]:
    """Sale 1 arrives closed and carries these; what its receipt alone recorded."""
    discounts = [taken(one, cents) for one in carried]
    arrived = shop.receives(LUNCH, **{"number": "1", "discounts": discounts} | more)
    received = shop.last
    shop.settles(arrived)
    return received


def named(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def flagged(shop: Shop, reason: Reason, reference: str, events: list[Any]) -> None:
    """It is flagged, the sale stands, the offer is as it was."""
    assert only(DiscountNotHonoured, events).reason == reason
    assert named(events) == ["TransactionReceived", "DiscountNotHonoured"]
    assert shop.settlement.flags == [f"discount_not_honoured:{reason}:{reference}"]


# --- honoured -----------------------------------------------------------------------------------


def test_a_lock_that_is_alive_is_redeemed_in_the_commit_that_receives_the_sale() -> None:
    shop, treated = locked()
    received, redeemed = closes(shop, treated, when=minutes(10))
    assert isinstance(received, TransactionReceived)
    assert isinstance(redeemed, OfferRedeemed)
    assert (redeemed.transaction, redeemed.redeemed_at) == ("s1/1", minutes(10))
    # The sale's stream holds the lock before it holds the sale.
    assert (redeemed.cause, redeemed.why) == ("sale/s1/1@2", "sale_closed")
    assert shop.settlement.cause == redeemed.cause
    assert shop.settlement.flags == []


def test_the_lock_counts_when_the_sale_was_read_not_when_it_was_taken_in() -> None:
    shop, treated = locked()
    alive = closes(shop, treated, when=minutes(10), read_at=LOCK_ENDS - TINY)
    assert named(alive) == ["TransactionReceived", "OfferRedeemed"]
    shop, treated = locked()
    lapsed = closes(shop, treated, when=minutes(10), read_at=LOCK_ENDS)
    assert named(lapsed) == ["TransactionReceived", "OfferLockLapsed", "OfferRedeemed"]
    assert lapsed[1].at == lapsed[2].at == LOCK_ENDS
    assert lapsed[2].redeemed_at == minutes(10)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_lock_that_lapsed_in_a_queue_of_hours_costs_nobody_his_discount(recorded: bool) -> None:
    shop, treated = locked()
    if recorded:
        shop.asks(treated, until(LOCK_ENDS))
    events = closes(shop, treated, when=minutes(10), read_at=minutes(600))
    assert every(OfferRedeemed, events)
    assert len(every(OfferLockLapsed, events)) == (0 if recorded else 1)
    assert shop.settlement.flags == []


@pytest.mark.parametrize("recorded", [False, True])
def test_an_end_that_came_in_the_queue_costs_nobody_his_discount(recorded: bool) -> None:
    shop, treated = locked(when=ENDS - 2 * TIMEOUT)
    if recorded:
        shop.asks(treated, until(ENDS))
        assert shop.offer(treated).state is OfferState.EXPIRED
    events = closes(shop, treated, when=ENDS - TINY, read_at=ENDS + TIMEOUT)
    assert every(OfferRedeemed, events)


@pytest.mark.parametrize("payer", ["ann", None])
def test_a_free_offer_that_was_never_locked_is_redeemed(payer: str | None) -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    events = closes(shop, treated, cents=199, to=payer)
    assert named(events) == ["TransactionReceived", "OfferRedeemed"]
    assert events[1].discount.amount == 199
    assert shop.settlement.flags == []


@pytest.mark.parametrize("lapsed", [False, True])
def test_whose_sale_it_is_was_settled_by_the_lock(lapsed: bool) -> None:
    shop, treated = locked()
    read_at = LOCK_ENDS if lapsed else minutes(10)
    events = closes(shop, treated, to="bob", when=minutes(10), read_at=read_at)
    assert every(OfferRedeemed, events)


def test_a_lapsed_lock_is_remembered_by_its_sale_whoever_had_the_offer_since() -> None:
    shop, treated = locked()
    shop.locks(treated, LUNCH, sale="2", when=minutes(40))
    shop.asks(treated, unlock(minutes(41)))
    events = closes(shop, treated, cents=99, to="bob", when=minutes(10), read_at=minutes(45))
    assert every(OfferRedeemed, events)
    assert only(DiscountChanged, events).locked == 250


def test_what_was_redeemed_at_once_is_not_redeemed_again() -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    shop.locks(treated, LUNCH, at_once=True)
    assert named(closes(shop, treated)) == ["TransactionReceived"]
    assert shop.settlement.flags == []


def test_what_was_redeemed_at_once_stays_so_when_the_sale_does_not_carry_it() -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    shop.locks(treated, LUNCH, at_once=True)
    assert named(closes(shop)) == ["TransactionReceived"]
    assert shop.offer(treated).state is OfferState.REDEEMED


def test_several_discounts_for_one_offer_are_one() -> None:
    shop, treated = locked()
    events = closes(shop, treated, treated, cents=125, when=minutes(10))
    assert only(OfferRedeemed, events).discount.amount == 250
    assert shop.settlement.flags == []


def test_several_offers_are_redeemed_side_by_side() -> None:
    shop, treated = locked(treat(), treat("other"))
    other = shop.gives("other")[0].offer_id
    redeemed = every(OfferRedeemed, closes(shop, treated, other, when=minutes(10)))
    assert [one.offer_id for one in redeemed] == [treated, other]


# --- not honoured -------------------------------------------------------------------------------


def test_an_offer_that_another_sale_holds_stays_with_it() -> None:
    shop, treated = locked(sale="2")
    flagged(shop, Reason.OFFER_LOCKED, treated, closes(shop, treated, when=minutes(10)))
    assert shop.offer(treated).transaction == "s1/2"


def test_a_lapsed_lock_that_another_sale_has_taken_over_stays_with_it() -> None:
    shop, treated = locked()
    shop.locks(treated, LUNCH, sale="2", when=minutes(40))
    events = closes(shop, treated, when=minutes(10), read_at=minutes(45))
    flagged(shop, Reason.OFFER_LOCKED, treated, events)
    assert shop.offer(treated).transaction == "s1/2"


def test_an_offer_that_was_used_elsewhere_stays_used_there() -> None:
    shop, treated = locked()
    shop.locks(treated, LUNCH, sale="2", when=minutes(40), at_once=True)
    events = closes(shop, treated, when=minutes(10), read_at=minutes(45))
    flagged(shop, Reason.OFFER_ALREADY_REDEEMED, treated, events)
    assert shop.offer(treated).transaction == "s1/2"


@pytest.mark.parametrize("reference", [NOBODYS, "D-77", "a/b", "ann." + "x" * 99])
def test_an_offer_nobody_knows_is_flagged(reference: str) -> None:
    shop = club()
    flagged(shop, Reason.OFFER_NOT_FOUND, reference, closes(shop, reference))


def test_an_offer_of_somebody_else_stays_his() -> None:
    shop = club()
    bobs = shop.gives("treat", to="bob")[0].offer_id
    flagged(shop, Reason.OFFER_NOT_YOURS, bobs, closes(shop, bobs))
    assert shop.offer(bobs).state is OfferState.ISSUED


@pytest.mark.parametrize("recorded", [False, True])
def test_an_offer_that_had_ended_when_the_sale_was_made_stays_ended(recorded: bool) -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    if recorded:
        shop.asks(treated, until(ENDS))
    flagged(shop, Reason.OFFER_EXPIRED, treated, closes(shop, treated, when=ENDS))


def test_an_offer_that_had_not_begun_when_the_sale_was_made_is_kept() -> None:
    shop = club(treat(redemption={"starts": "2026-03-03"}))
    treated = shop.gives("treat")[0].offer_id
    begins = shop.offer(treated).redeemable_from
    assert begins is not None
    events = closes(shop, treated, when=begins - TINY, read_at=begins + TIMEOUT)
    flagged(shop, Reason.OFFER_NOT_STARTED, treated, events)
    assert every(OfferRedeemed, closes(shop, treated, number="2", when=begins))


def test_an_offer_that_was_revoked_stays_revoked() -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    shop.asks(treated, revoke(minutes(1)))
    flagged(shop, Reason.OFFER_REVOKED, treated, closes(shop, treated, when=minutes(2)))


def test_a_flag_says_what_the_till_took_and_for_what() -> None:
    shop = club()
    events = closes(shop, NOBODYS, cents=77)
    assert only(DiscountNotHonoured, events) == DiscountNotHonoured(
        at=MONDAY_NOON,
        customers=["ann"],
        reference_id=NOBODYS,
        amount=77,
        reason="offer_not_found",
        cause="sale/s1/1@1",
    )


def test_one_that_cannot_be_honoured_does_not_cost_the_others() -> None:
    shop, treated = locked()
    events = closes(shop, NOBODYS, treated, when=minutes(10))
    assert named(events) == ["TransactionReceived", "DiscountNotHonoured", "OfferRedeemed"]


def test_other_discounts_name_no_offers() -> None:
    shop, _ = locked()
    others = [
        off("1.00"),
        Discount(amount=1, stack_order=1, reference_id=NOBODYS),
        Discount(amount=1, stack_order=1, reference_id=NOBODYS, reference_id_type="Coupon"),
    ]
    events = closes(shop, discounts=others, when=minutes(10))
    assert every(DiscountNotHonoured, events) == []


# --- another amount -----------------------------------------------------------------------------


@pytest.mark.parametrize("at_once", [False, True])
def test_another_amount_than_was_locked_is_taken_and_flagged(at_once: bool) -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    shop.locks(treated, LUNCH, at_once=at_once)
    events = closes(shop, treated, cents=300, when=minutes(10))
    assert only(DiscountChanged, events) == DiscountChanged(
        at=minutes(10),
        customers=["ann"],
        offer_id=treated,
        locked=250,
        taken=300,
        cause="sale/s1/1@2",
    )
    assert shop.settlement.flags == [f"discount_changed:250:300:{treated}"]
    assert shop.offer(treated).state is OfferState.REDEEMED


def test_a_lapsed_lock_still_tells_which_amount_was_right() -> None:
    shop, treated = locked()
    events = closes(shop, treated, cents=300, when=minutes(10), read_at=minutes(90))
    assert only(DiscountChanged, events).locked == 250


def test_what_was_given_free_was_locked_for_nothing() -> None:
    shop, treated = locked()
    shop.asks(treated, unlock(minutes(5)))
    events = closes(shop, treated, cents=300, when=minutes(10))
    assert named(events) == ["TransactionReceived", "OfferRedeemed"]


# --- not carried --------------------------------------------------------------------------------


def test_a_lock_the_sale_does_not_carry_is_released_when_it_closes() -> None:
    shop, treated = locked()
    _, free, off_check = closes(shop, when=minutes(10))
    assert isinstance(free, OfferUnlocked)
    assert (free.why, free.cause, free.unlocked_at) == ("not_carried", "sale/s1/1@2", minutes(10))
    assert isinstance(off_check, OfferTakenOffCheck)
    assert (off_check.why, off_check.cause) == (free.why, free.cause)
    assert shop.offer(treated).state is OfferState.ISSUED
    assert shop.states["sale/s1/1"].offers == ()


@pytest.mark.parametrize("voided", [False, True])
@pytest.mark.parametrize("ended", [False, True])
def test_a_lock_that_had_lapsed_by_then_is_recorded_as_lapsed(voided: bool, ended: bool) -> None:
    shop, treated = locked(when=ENDS - TINY if ended else NOON)
    lapses = shop.offer(treated).locked_until
    assert lapses is not None
    events = closes(shop, when=minutes(10), read_at=lapses + TIMEOUT, is_voided=voided)
    assert only(OfferLockLapsed, events).at == lapses
    assert every(OfferUnlocked, events) == []
    assert shop.states["sale/s1/1"].offers == ()


def test_a_lapsed_lock_that_another_sale_has_taken_over_is_not_released() -> None:
    shop, treated = locked()
    shop.locks(treated, LUNCH, sale="2", when=minutes(40))
    events = closes(shop, when=minutes(10), read_at=minutes(45))
    assert named(events) == ["TransactionReceived", "OfferTakenOffCheck"]
    assert shop.offer(treated).transaction == "s1/2"


@pytest.mark.parametrize("closed", [False, True])
def test_a_sale_that_is_voided_before_it_closed_gives_everything_free(closed: bool) -> None:
    shop, treated = locked()
    events = closes(shop, treated, when=minutes(10), is_closed=closed, is_voided=True)
    assert named(events) == ["TransactionReceived", "OfferUnlocked", "OfferTakenOffCheck"]
    assert only(OfferUnlocked, events).why == "sale_voided"


def test_a_void_leaves_what_was_redeemed_at_once() -> None:
    shop = club()
    treated = shop.gives("treat")[0].offer_id
    shop.locks(treated, LUNCH, at_once=True)
    assert named(closes(shop, when=minutes(10), is_voided=True)) == ["TransactionReceived"]


# --- which version ------------------------------------------------------------------------------


def test_an_open_version_does_nothing() -> None:
    shop, treated = locked()
    for number, carried in enumerate([(treated,), ()], 1):
        events = closes(shop, *carried, when=minutes(number), is_closed=False)
        assert named(events) == ["TransactionReceived"]
    assert shop.offer(treated).state is OfferState.LOCKED
    assert every(OfferRedeemed, closes(shop, treated, when=minutes(10)))


def test_later_versions_never_redeem_never_flag_and_never_release() -> None:
    shop, treated = locked()
    closes(shop, when=minutes(10))
    for minute, reference in ((11, treated), (12, NOBODYS)):
        assert named(closes(shop, reference, at=minutes(minute))) == ["TransactionReceived"]
    voided = closes(shop, treated, at=minutes(13), is_voided=True)
    assert named(voided) == ["TransactionReceived"]
    assert shop.offer(treated).state is OfferState.ISSUED


def test_an_offer_reinstated_after_the_sale_is_not_redeemed_by_its_correction() -> None:
    shop, treated = locked()
    closes(shop, treated, when=minutes(10))
    shop.asks(treated, reinstate(minutes(11)))
    closes(shop, treated, at=minutes(12))
    assert shop.offer(treated).state is OfferState.ISSUED


def test_an_older_version_that_comes_late_closes_the_sale_and_redeems() -> None:
    shop, treated = locked()
    closes(shop, when=minutes(20), is_closed=False)
    events = closes(shop, treated, when=minutes(10))
    assert named(events) == ["TransactionVersionIgnored", "OfferRedeemed"]


def test_the_same_body_again_is_nothing_new() -> None:
    shop, treated = locked()
    closes(shop, treated, when=minutes(10), body_digest="the same")
    assert closes(shop, treated, when=minutes(10), body_digest="the same") == []


def test_a_sale_that_was_voided_and_is_closed_after_all_redeems_then() -> None:
    shop, treated = locked()
    closes(shop, treated, when=minutes(10), is_voided=True)
    events = closes(shop, treated, when=minutes(11))
    assert named(events) == ["TransactionReceived", "OfferRedeemed"]
