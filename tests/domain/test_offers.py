"""An offer in a customer's hands: every way from state to state, and every refusal."""

from datetime import datetime
from typing import Any

import pytest

from loyalty_ledger.domain.events.offers import (
    OfferExpired,
    OfferLocked,
    OfferLockLapsed,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
    PricedDiscount,
)
from loyalty_ledger.domain.offer import OfferFact
from loyalty_ledger.domain.values import Reason
from offer_examples import (
    ENDS,
    EXPIRED,
    ISSUED,
    LAPSED,
    LOCKED,
    OFF,
    REDEEMED,
    REINSTATED,
    REVOKED,
    TIMEOUT,
    TINY,
    WHOSE,
    carry,
    issued,
    lock,
    minutes,
    offer,
    redeem,
    reinstate,
    revoke,
    unlock,
    until,
)
from specification import NEW_YORK, TILL, at

FREE = [
    pytest.param((ISSUED,), id="issued"),
    pytest.param((ISSUED, LOCKED, LAPSED), id="lapsed"),
    pytest.param((ISSUED, LOCKED), id="lapsed and not recorded"),
    pytest.param((ISSUED, REDEEMED, REINSTATED), id="reinstated"),
]
OVER = [
    pytest.param((ISSUED, REDEEMED), Reason.OFFER_ALREADY_REDEEMED, id="redeemed"),
    pytest.param((ISSUED, EXPIRED), Reason.OFFER_EXPIRED, id="expired"),
    pytest.param((ISSUED, REVOKED), Reason.OFFER_REVOKED, id="revoked"),
    pytest.param((), Reason.OFFER_NOT_FOUND, id="never issued"),
]
Past = tuple[OfferFact, ...]


def named(events: list[OfferFact]) -> list[str]:
    return [type(event).__name__ for event in events]


# --- lock ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("past", FREE)
def test_a_free_offer_is_locked_for_the_time_its_definition_says(past: Past) -> None:
    now = minutes(40)
    locked = offer(*past).when(lock(now, "s1/2"))[-1]
    assert locked == OfferLocked(
        **WHOSE,
        at=now,
        transaction="s1/2",
        locked_at=now,
        locked_until=now + TIMEOUT,
        discount=OFF,
        total=900,
        catalog_version=4,
        by=TILL,
        why="requested",
    )


@pytest.mark.parametrize(("past", "reason"), OVER)
@pytest.mark.parametrize("ask", [lock, redeem])
def test_what_is_over_cannot_be_used(past: Past, reason: Reason, ask: Any) -> None:
    offer(*past).refuses(ask(minutes(5), "s1/2"), reason)
    offer(*past).refuses(ask(minutes(5), "s1/1"), reason)


@pytest.mark.parametrize("ask", [lock, redeem])
def test_another_sale_is_told_who_holds_the_lock_and_until_when(ask: Any) -> None:
    refusal = offer(ISSUED, LOCKED).refuses(ask(minutes(2), "s1/2"), Reason.OFFER_LOCKED)
    assert refusal.details["locked_by"] == "s1/1"
    assert refusal.details["locked_until"] == minutes(31).isoformat()


@pytest.mark.parametrize("ask", [lock, redeem])
def test_the_lock_is_alive_up_to_the_last_microsecond_and_gone_at_its_end(ask: Any) -> None:
    locked = offer(ISSUED, LOCKED)
    locked.refuses(ask(minutes(31) - TINY, "s1/2"), Reason.OFFER_LOCKED)
    lapsed, bound = locked.when(ask(minutes(31), "s1/2"))
    assert lapsed == OfferLockLapsed(**WHOSE, at=minutes(31), transaction="s1/1", why="lapsed")
    assert isinstance(bound, OfferLocked | OfferRedeemed)
    assert (bound.at, bound.transaction) == (minutes(31), "s1/2")


def test_the_same_sale_prices_anew_and_the_time_starts_anew() -> None:
    (again,) = offer(ISSUED, LOCKED).when(lock(minutes(20), amount=100))
    assert isinstance(again, OfferLocked)
    assert (again.discount.amount, again.locked_until) == (100, minutes(50))
    assert offer(ISSUED, LOCKED, again).when(until(minutes(49))) == []


def test_the_same_sale_whose_lock_has_lapsed_locks_as_any_other_does() -> None:
    events = offer(ISSUED, LOCKED).when(lock(minutes(31)))
    assert named(events) == ["OfferLockLapsed", "OfferLocked"]


@pytest.mark.parametrize("ask", [lock, redeem])
def test_an_offer_can_be_used_up_to_its_end_and_from_its_beginning(ask: Any) -> None:
    later = issued(redeemable_from=minutes(10))
    refusal = offer(later).refuses(ask(minutes(10) - TINY), Reason.OFFER_NOT_STARTED)
    assert refusal.details == {"redeemable_from": minutes(10).isoformat()}
    assert offer(later).when(ask(minutes(10)))
    assert offer(ISSUED).when(ask(ENDS - TINY))
    refusal = offer(ISSUED).refuses(ask(ENDS), Reason.OFFER_EXPIRED)
    assert refusal.details == {"expires_at": ENDS.isoformat()}


def test_a_live_lock_outlasts_the_end_of_the_redemption_period() -> None:
    late = offer(ISSUED).when(lock(ENDS - TINY))
    assert named(offer(ISSUED, *late).when(until(ENDS))) == []
    assert named(offer(ISSUED, *late).when(lock(ENDS + TIMEOUT / 2))) == ["OfferLocked"]
    assert named(offer(ISSUED, *late).when(redeem(ENDS + TIMEOUT / 2))) == ["OfferRedeemed"]
    offer(ISSUED, *late).refuses(lock(ENDS + TIMEOUT), Reason.OFFER_EXPIRED)


def test_an_offer_without_an_end_never_expires() -> None:
    forever = issued(expires_at=None)
    assert offer(forever).when(until(at("2126-01-01 00:00"))) == []
    assert offer(forever).when(lock(at("2126-01-01 00:00")))


@pytest.mark.parametrize("ask", [lock, redeem])
def test_what_does_not_apply_leaves_the_offer_as_it_was(ask: Any) -> None:
    why = Reason.OFFER_NOT_APPLICABLE
    offer(ISSUED).refuses(ask(minutes(5), refusal=why), why)
    offer(ISSUED, LOCKED).refuses(ask(minutes(5), refusal=why), why)
    # What the state does not allow is said first: nobody is sent to change a basket in vain.
    taken = ask(minutes(5), "s1/2", refusal=why)
    offer(ISSUED, LOCKED).refuses(taken, Reason.OFFER_LOCKED)


@pytest.mark.parametrize(
    ("locked_at", "ends"),
    [
        ("2026-03-08 01:45", "2026-03-08 03:15"),  # there is no 02:15 that night
        ("2026-11-01 00:45", "2026-11-01 01:15"),
    ],
)
def test_a_lock_lasts_its_minutes_whatever_the_clocks_do(locked_at: str, ends: str) -> None:
    (locked,) = offer(issued(expires_at=None)).when(lock(at(locked_at)))
    assert isinstance(locked, OfferLocked)
    assert locked.locked_until == at(locked_at) + TIMEOUT == at(ends, NEW_YORK)


def test_no_event_is_dated_before_the_one_it_follows() -> None:
    late = issued(at=minutes(50))
    lagging = minutes(10)
    for command in (lock(lagging), redeem(lagging), revoke(lagging), carry(lagging)):
        (event,) = offer(late).when(command)
        assert event.at == minutes(50)
    (locked,) = offer(late).when(lock(lagging))
    assert isinstance(locked, OfferLocked)
    assert locked.locked_until == lagging + TIMEOUT
    (lapsed,) = offer(late, locked).when(until(minutes(60)))
    assert lapsed.at == minutes(50)


# --- redeem -------------------------------------------------------------------------------------


@pytest.mark.parametrize("past", FREE)
def test_redeeming_is_locking_and_redeeming_at_once(past: Past) -> None:
    redeemed = offer(*past).when(redeem(minutes(40), "s1/2"))[-1]
    assert redeemed == OfferRedeemed(
        **WHOSE,
        at=minutes(40),
        transaction="s1/2",
        redeemed_at=minutes(40),
        discount=OFF,
        definition="treat",
        by=TILL,
        why="requested",
    )


def test_the_sale_that_holds_the_lock_may_redeem_at_once() -> None:
    assert named(offer(ISSUED, LOCKED).when(redeem(minutes(5)))) == ["OfferRedeemed"]


def test_a_redeemed_offer_says_where_it_was_used() -> None:
    refusal = offer(ISSUED, REDEEMED).refuses(lock(minutes(5)), Reason.OFFER_ALREADY_REDEEMED)
    assert refusal.details == {"transaction": "s1/1"}


def test_a_redeemed_offer_neither_lapses_nor_expires() -> None:
    assert offer(ISSUED, LOCKED, REDEEMED).when(until(ENDS)) == []


# --- unlock -------------------------------------------------------------------------------------


def test_a_locked_offer_is_unlocked_and_free_for_everybody() -> None:
    (free,) = offer(ISSUED, LOCKED).when(unlock(minutes(5)))
    assert free == OfferUnlocked(
        **WHOSE,
        at=minutes(5),
        transaction="s1/1",
        unlocked_at=minutes(5),
        by=TILL,
        why="requested",
    )
    assert named(offer(ISSUED, LOCKED, free).when(lock(minutes(6), "s1/2"))) == ["OfferLocked"]


def test_unlocking_what_is_free_does_nothing() -> None:
    assert offer(ISSUED).when(unlock(minutes(5))) == []
    assert offer(ISSUED, LOCKED, LAPSED).when(unlock(minutes(32))) == []


def test_unlocking_what_has_lapsed_records_the_lapse_and_nothing_else() -> None:
    assert named(offer(ISSUED, LOCKED).when(unlock(minutes(31)))) == ["OfferLockLapsed"]


@pytest.mark.parametrize(
    ("past", "state"),
    [
        ((ISSUED, REDEEMED), "REDEEMED"),
        ((ISSUED, REVOKED), "REVOKED"),
        ((ISSUED, EXPIRED), "EXPIRED"),
        ((ISSUED,), "EXPIRED"),
        ((ISSUED, LOCKED), "EXPIRED"),
    ],
)
def test_what_is_over_cannot_be_unlocked(past: Past, state: str) -> None:
    refusal = offer(*past).refuses(unlock(ENDS), Reason.OFFER_NOT_LOCKED)
    assert refusal.details == {"state": state}


# --- reinstate ----------------------------------------------------------------------------------


def test_a_reinstated_offer_is_back_with_its_old_end() -> None:
    (back,) = offer(ISSUED, REDEEMED).when(reinstate(minutes(5)))
    assert back == OfferReinstated(
        **WHOSE,
        at=minutes(5),
        transaction="s1/1",
        reinstated_at=minutes(5),
        expires_at=ENDS,
        definition="treat",
        by=TILL,
        why="requested",
    )


def test_an_offer_reinstated_after_its_end_has_expired() -> None:
    back, gone = offer(ISSUED, REDEEMED).when(reinstate(ENDS))
    assert isinstance(back, OfferReinstated)
    assert gone == OfferExpired(**WHOSE, at=ENDS, why="time is up")
    (back,) = offer(ISSUED, REDEEMED).when(reinstate(ENDS - TINY))
    assert isinstance(back, OfferReinstated)


@pytest.mark.parametrize("past", [(ISSUED,), (ISSUED, LOCKED), (ISSUED, EXPIRED)])
def test_what_is_not_redeemed_cannot_be_reinstated(past: Past) -> None:
    offer(*past).refuses(reinstate(minutes(5)), Reason.OFFER_NOT_REDEEMED)
    offer(*past, REDEEMED, REINSTATED).refuses(reinstate(minutes(5)), Reason.OFFER_NOT_REDEEMED)


# --- revoke -------------------------------------------------------------------------------------


def test_a_free_offer_is_revoked_with_a_reason() -> None:
    (revoked,) = offer(ISSUED).when(revoke(minutes(5)))
    assert revoked == OfferRevoked(
        **WHOSE, at=minutes(5), revoked_at=minutes(5), by=TILL, why="a mistake"
    )
    assert offer(ISSUED, revoked).when(revoke(minutes(6))) == []
    assert offer(ISSUED, revoked).when(until(ENDS)) == []


@pytest.mark.parametrize(
    ("past", "when", "reason"),
    [
        ((ISSUED, LOCKED), minutes(31) - TINY, Reason.OFFER_LOCKED),
        ((ISSUED, REDEEMED), minutes(5), Reason.OFFER_ALREADY_REDEEMED),
        ((ISSUED, EXPIRED), ENDS, Reason.OFFER_EXPIRED),
        ((ISSUED,), ENDS, Reason.OFFER_EXPIRED),
        ((ISSUED, LOCKED), ENDS, Reason.OFFER_EXPIRED),
    ],
)
def test_only_what_is_free_can_be_revoked(past: Past, when: datetime, reason: Reason) -> None:
    offer(*past).refuses(revoke(when), reason)


def test_revoking_records_a_lapse_first() -> None:
    events = offer(ISSUED, LOCKED).when(revoke(minutes(31)))
    assert named(events) == ["OfferLockLapsed", "OfferRevoked"]


# --- time ---------------------------------------------------------------------------------------


def test_a_lapse_and_an_expiry_are_recorded_once_and_dated_when_they_were() -> None:
    lapsed, expired = offer(ISSUED, LOCKED).when(until(at("2026-12-24 18:00")))
    assert (lapsed.at, expired.at) == (minutes(31), ENDS)
    for past in ((lapsed,), (lapsed, expired)):
        again = offer(ISSUED, LOCKED, *past).when(until(minutes(31)))
        assert again == []
    assert offer(ISSUED, LOCKED, lapsed, expired).when(until(at("2027-01-01 00:00"))) == []


def test_nothing_is_recorded_before_its_time() -> None:
    assert offer(ISSUED, LOCKED).when(until(minutes(31) - TINY)) == []
    assert offer(ISSUED).when(until(ENDS - TINY)) == []
    assert named(offer(ISSUED).when(until(ENDS))) == ["OfferExpired"]


def test_an_end_that_came_under_a_lock_is_dated_by_the_lapse() -> None:
    (locked,) = offer(ISSUED).when(lock(ENDS - TINY))
    lapsed, expired = offer(ISSUED, locked).when(until(ENDS + TIMEOUT))
    assert lapsed.at == expired.at == ENDS - TINY + TIMEOUT


def test_time_and_revocation_find_no_offer_where_there_is_none() -> None:
    for command in (until(ENDS), revoke(ENDS), unlock(ENDS), reinstate(ENDS), carry(ENDS)):
        offer().refuses(command, Reason.OFFER_NOT_FOUND)


# --- what a closed sale carries -----------------------------------------------------------------


def test_a_closed_sale_redeems_for_what_the_till_took() -> None:
    took = PricedDiscount(amount=99)
    (redeemed,) = offer(ISSUED, LOCKED).when(carry(minutes(5), at=minutes(4), discount=took))
    assert redeemed == OfferRedeemed(
        **WHOSE,
        at=minutes(4),
        transaction="s1/1",
        redeemed_at=minutes(4),
        discount=took,
        definition="treat",
        why="sale_closed",
        cause="sale/s1/1@1",
    )


@pytest.mark.parametrize(("past", "reason"), [*OVER[:1], *OVER[2:]])
def test_a_closed_sale_cannot_have_what_is_over(past: Past, reason: Reason) -> None:
    offer(*past).refuses(carry(minutes(5), "s1/2"), reason)
