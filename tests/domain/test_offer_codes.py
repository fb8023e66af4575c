"""Short-lived codes that stand for an offer: ten minutes, one sale."""

from datetime import timedelta

import pytest

from loyalty_ledger.domain import offer_code
from loyalty_ledger.domain.events.offers import OfferCodeMade, OfferCodeUsed
from loyalty_ledger.domain.offer import OfferFact
from loyalty_ledger.domain.offer_code import LASTS, OfferCode
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import (
    ENDS,
    EXPIRED,
    ISSUED,
    LAPSED,
    LOCKED,
    NOON,
    OFFER_ID,
    REDEEMED,
    REINSTATED,
    REVOKED,
    TIMEOUT,
    TINY,
    WHOSE,
    issued,
    lock,
    minutes,
    offer,
)
from specification import TILL

MADE = OfferCodeMade(
    **WHOSE, at=NOON, digest="d1", expires_at=minutes(10), by=TILL, why="requested"
)
Past = tuple[OfferFact, ...]


def code(*events: OfferCodeMade | OfferCodeUsed) -> OfferCode:
    state = OfferCode()
    for event in events:
        state = offer_code.evolve(state, event)
    return state


def refusal(reason: Reason, state: OfferCode, sale: str, minute: float) -> Rejected:
    with pytest.raises(Rejected) as refused:
        offer_code.use(state, sale, minutes(minute), TILL)
    assert refused.value.code is reason
    return refused.value


@pytest.mark.parametrize(
    "past",
    [(ISSUED,), (ISSUED, LOCKED), (ISSUED, LOCKED, LAPSED), (ISSUED, REDEEMED, REINSTATED)],
)
def test_a_code_stands_for_an_offer_that_can_still_be_used_for_ten_minutes(past: Past) -> None:
    made = offer_code.make(offer(*past).state, "d1", minutes(40), TILL)
    assert (made.offer_id, made.customer_id, made.program_version) == (OFFER_ID, "ann", 3)
    assert made.expires_at == made.at + timedelta(minutes=10) == minutes(40) + LASTS
    assert (made.digest, made.by, made.why) == ("d1", TILL, "requested")


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        ((), Reason.OFFER_NOT_FOUND),
        ((ISSUED, REDEEMED), Reason.OFFER_ALREADY_REDEEMED),
        ((ISSUED, REVOKED), Reason.OFFER_REVOKED),
        ((ISSUED, EXPIRED), Reason.OFFER_EXPIRED),
        ((ISSUED,), Reason.OFFER_EXPIRED),
        ((ISSUED, LOCKED), Reason.OFFER_EXPIRED),
    ],
)
def test_no_code_stands_for_what_is_over(past: Past, reason: Reason) -> None:
    with pytest.raises(Rejected) as refused:
        offer_code.make(offer(*past).state, "d1", ENDS, TILL)
    assert refused.value.code is reason


def test_a_code_may_stand_for_an_offer_whose_lock_outlasts_its_end() -> None:
    locked = offer(ISSUED).when(lock(ENDS - TINY))
    state = offer(ISSUED, *locked).state
    assert offer_code.make(state, "d1", ENDS, TILL).expires_at == ENDS + LASTS
    with pytest.raises(Rejected, match="time is up"):
        offer_code.make(state, "d1", ENDS - TINY + TIMEOUT, TILL)


def test_a_code_may_stand_for_an_offer_that_cannot_be_used_yet() -> None:
    early = offer(issued(redeemable_from=minutes(60))).state
    assert offer_code.make(early, "d1", NOON, TILL)


def test_a_code_is_used_by_the_sale_it_is_shown_for() -> None:
    (used,) = offer_code.use(code(MADE), "s1/1", minutes(5), TILL)
    assert used == OfferCodeUsed(
        **WHOSE, at=minutes(5), digest="d1", transaction="s1/1", by=TILL, why="requested"
    )


def test_a_code_is_good_up_to_its_last_microsecond() -> None:
    last = minutes(10) - TINY
    assert offer_code.use(code(MADE), "s1/1", last, TILL)
    told = refusal(Reason.OFFER_CODE_EXPIRED, code(MADE), "s1/1", 10)
    assert told.details == {"expires_at": minutes(10).isoformat()}


def test_a_code_is_good_for_one_sale_which_may_show_it_again() -> None:
    used = code(MADE, *offer_code.use(code(MADE), "s1/1", minutes(5), TILL))
    assert offer_code.use(used, "s1/1", minutes(6), TILL) == []
    assert offer_code.use(used, "s1/1", minutes(60), TILL) == []
    refusal(Reason.OFFER_CODE_USED, used, "s1/2", 6)
    refusal(Reason.OFFER_CODE_USED, used, "s1/2", 60)


def test_a_code_nobody_was_given_stands_for_nothing() -> None:
    refusal(Reason.OFFER_NOT_FOUND, code(), "s1/1", 1)
