"""Wrong promo codes lock out, right ones are limited, and a code of one claim is used once."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.promotions import PromoCodeRefused, PromoCodeUsed
from loyalty_ledger.domain.promo_code import PromoCode
from loyalty_ledger.domain.promotion import Listed
from loyalty_ledger.domain.streams import tries_of
from loyalty_ledger.domain.values import Reason, Rejected
from promotion_examples import club, refused, spring
from specification import MONDAY_NOON, Shop, only

ALONE = {"id": "alone", "name": "Alone", "kind": "single_use", "outcomes": [{"issue": "treat"}]}
KNOWN = Listed("aa", "alone")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def strict(**more: Any) -> Shop:
    """Two wrong tries lock out for ten minutes."""
    return club(spring(), ALONE, promo_lockout={"tries": 2, "lasts": "PT10M"}, **more)


def wrong(shop: Shop, minute: int = 0, code: str = "NO") -> PromoCodeRefused:
    refused(Reason.PROMOTION_NOT_AVAILABLE, shop, code, when=MONDAY_NOON + minute * MINUTE)
    found: PromoCodeRefused = shop.last[0]
    return found


def test_wrong_tries_in_a_row_lock_out_until_the_time_is_up_even_for_right_codes() -> None:
    shop = strict()
    assert [wrong(shop).in_a_row, wrong(shop).in_a_row] == [1, 2]
    until = MONDAY_NOON + 10 * MINUTE
    told = refused(Reason.PROMO_LOCKED_OUT, shop, when=until - timedelta(microseconds=1))
    assert told.details == {"locked_until": until.isoformat()}
    refused(Reason.PROMO_LOCKED_OUT, shop, "NO", when=until - MINUTE)
    shop.claims("SPRING26", when=until)


def test_after_a_lock_out_wrong_tries_begin_anew_and_go_on_counting_in_all() -> None:
    shop = strict()
    for _ in range(2):
        wrong(shop)
    third = wrong(shop, 10)
    assert (third.in_a_row, third.in_all, third.locked_until) == (1, 3, None)
    assert wrong(shop, 11).locked_until == MONDAY_NOON + 21 * MINUTE


def test_a_right_code_forgets_the_wrong_ones_in_a_row_and_not_those_in_all() -> None:
    shop = strict()
    wrong(shop)
    shop.claims("SPRING26")
    assert (wrong(shop).in_a_row, shop.states[tries_of("ann")].in_all) == (1, 2)


def test_what_a_limit_refuses_is_no_wrong_try() -> None:
    shop = club(spring(per_customer=1), promo_lockout={"tries": 1, "lasts": "PT10M"})
    shop.claims("SPRING26")
    for _ in range(3):
        refused(Reason.LIMIT_REACHED, shop)
    assert shop.states[tries_of("ann")].in_all == 0


@pytest.mark.parametrize(
    ("why", "listed", "dates"),
    [
        ("unknown", None, {}),
        ("used", Listed("aa", "alone", PromoCode("c")), {}),
        ("withdrawn", Listed("aa", "alone", PromoCode(withdrawn=True)), {}),
        ("not_yet", KNOWN, {"starts": "2026-03-03"}),
        ("expired", KNOWN, {"ends": "2026-03-02"}),
        ("expired", Listed("aa", "gone"), {}),
    ],
)
def test_whichever_way_a_code_is_wrong_the_answer_is_the_same_and_the_reason_is_recorded(
    why: str, listed: Listed | None, dates: dict[str, str]
) -> None:
    shop = club(ALONE | dates)
    with pytest.raises(Rejected) as refusal:
        shop.claims("ANY", listed=listed)
    assert refusal.value.code is Reason.PROMOTION_NOT_AVAILABLE
    assert refusal.value.message == "nothing can be claimed with this code now"
    assert refusal.value.details == {}
    (event,) = shop.last
    assert (event.why, event.promotion) == (why, listed.promotion if listed else "")


def test_a_code_of_one_claim_is_used_by_it() -> None:
    shop = strict()
    claimed = shop.claims("ANY", listed=KNOWN)
    used = only(PromoCodeUsed, shop.last)
    assert (used.digest, used.claim_id, claimed.digest) == ("aa", claimed.claim_id, "aa")


@pytest.mark.parametrize(("period", "days"), [("week", 7), ("month", 31), ("year", 365)])
def test_right_codes_are_limited_within_a_trailing_period(period: str, days: int) -> None:
    shop = club(spring(), ALONE, promo_limiter={period: 2})
    shop.claims("SPRING26")
    shop.claims("ANY", listed=KNOWN, when=MONDAY_NOON + DAY)
    before_it_ends = MONDAY_NOON + days * DAY - MINUTE - timedelta(hours=1)
    told = refused(Reason.LIMIT_REACHED, shop, when=before_it_ends)
    assert told.details == {"limit": f"promo_limiter:{period}", "left": 0}
    shop.claims("SPRING26", when=MONDAY_NOON + days * DAY)
