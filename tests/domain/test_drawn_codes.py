"""A rule, a campaign, a level or a claim gives a code of one claim; a return takes it back."""

from typing import Any

import pytest

from loyalty_ledger.domain.events.promotions import (
    PromoCodeDrawn,
    PromoCodeRefused,
    PromoCodeUsed,
    PromoCodeWithdrawn,
    PromotionClaimed,
)
from loyalty_ledger.domain.events.tiers import TierEntryUndone
from loyalty_ledger.domain.promo_code import Draw, PromoCode
from loyalty_ledger.domain.promotion import Listed
from loyalty_ledger.domain.streams import promo_code_of
from loyalty_ledger.domain.values import Reason, Rejected
from offer_examples import treat
from promotion_examples import refused, spring
from return_examples import later, level, sends, settled, spent, system, voids, why_not
from specification import KEYS, Shop, awards, every, line, only, paid, program

COFFEE, CAKE = line("coffee", "6.00"), line("cake", "4.00")
CODE = {"code": "gift"}
TEN = {"award": awards(10)}
USED = "code_already_used"


def gift(**more: Any) -> dict[str, Any]:
    """A promotion of one claim a code: ten points."""
    return {"id": "gift", "name": "Gift", "kind": "single_use", "outcomes": [TEN]} | more


def giving(*outcomes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A campaign on coffee that gives a code, unless told otherwise."""
    when = {"items": {"skus": ["coffee"]}}
    return {"id": "week", "when": when, "outcomes": list(outcomes) or [CODE]} | more


def club(
    *campaigns: dict[str, Any], promotion: dict[str, Any] | None = None, **sections: Any
) -> Shop:
    chosen = {"promotions": [promotion or gift()], "offers": [treat()]}
    return Shop(program(campaigns=list(campaigns) or [giving()], **chosen | sections))


def drawn(shop: Shop) -> list[PromoCodeDrawn]:
    """Every code that was ever drawn."""
    return [event for _, event in shop.history if isinstance(event, PromoCodeDrawn)]


def enters(shop: Shop, event: PromoCodeDrawn, by: str = "ann", hours: float = 0) -> Any:
    """A customer enters a drawn code."""
    code: PromoCode = shop.states[promo_code_of(event.digest)]
    listed = Listed(event.digest, code.promotion, code)
    return shop.claims("as typed", by=by, when=later(hours), listed=listed)


# --- drawn --------------------------------------------------------------------------------------


def test_a_campaign_draws_the_code_that_follows_from_its_grant_and_the_key() -> None:
    shop = club()
    sends(shop, COFFEE)
    (event,) = drawn(shop)
    draw = Draw("gift", "ann", "campaign:week", "sale/s1/7@1", 0)
    assert (event.customer_id, event.promotion, event.rule) == ("ann", "gift", "campaign:week")
    assert (event.cause, event.transaction) == ("sale/s1/7@1", "s1/7")
    assert event.digest == KEYS.promo_digest(KEYS.drawn_code(draw)).hex()
    (grant,) = settled(shop.last).grants
    assert (grant.codes, grant.drawn) == ([event.digest], {event.digest: "gift"})


def test_each_code_of_one_grant_is_another_one() -> None:
    shop = club(giving(CODE, {"issue": "treat"}, CODE))
    sends(shop, COFFEE)
    first, second = drawn(shop)
    assert first.digest != second.digest
    assert len(KEYS.drawn_code(Draw("gift", "ann", first.rule, first.cause, 0))) == 12


def test_a_drawn_code_is_claimed_once_by_whoever_has_it() -> None:
    shop = club()
    sends(shop, COFFEE)
    (event,) = drawn(shop)
    claimed = enters(shop, event, by="bob")
    used = only(PromoCodeUsed, shop.last)
    assert isinstance(used, PromoCodeUsed)
    assert (used.customer_id, used.drawn_for, used.claim_id) == ("bob", "ann", claimed.claim_id)
    assert shop.points("bob") == 10
    with pytest.raises(Rejected) as refusal:
        enters(shop, event)
    assert refusal.value.code is Reason.PROMOTION_NOT_AVAILABLE
    wrong = only(PromoCodeRefused, shop.last)
    assert isinstance(wrong, PromoCodeRefused)
    assert wrong.why == "used"


def test_who_pays_most_has_the_code() -> None:
    shop = club()
    sends(shop, COFFEE, payments=[paid("ann", "2.00"), paid("bob", "4.00")])
    assert [event.customer_id for event in drawn(shop)] == ["bob"]


def test_a_code_that_could_never_be_claimed_is_not_drawn_and_nothing_beside_it() -> None:
    shop = club(giving(TEN, CODE), promotion=gift(ends="2026-03-02"))
    sends(shop, COFFEE)
    assert (shop.points(), drawn(shop), shop.limits_hit) == (0, [], ["code:gift:expired"])


def test_no_code_is_drawn_once_the_total_of_claims_is_reached() -> None:
    shop = club(giving(TEN, CODE), promotion=gift(total=1))
    sends(shop, COFFEE)
    (event,) = drawn(shop)
    enters(shop, event, hours=1)
    sends(shop, COFFEE, number="8", hours=2, when=later(2))
    assert (len(drawn(shop)), shop.limits_hit) == (1, ["code:gift:total"])


def test_a_limit_of_the_campaign_keeps_its_code_back() -> None:
    shop = club(giving(limits={"per_customer": {"times": 1}}))
    sends(shop, COFFEE)
    sends(shop, COFFEE, number="8")
    assert (len(drawn(shop)), shop.limits_hit) == (1, ["per_customer"])


def test_a_claim_may_give_a_code() -> None:
    shop = Shop(program(promotions=[spring(CODE), gift()], offers=[treat()]))
    claimed = shop.claims("Spring26")
    (event,) = drawn(shop)
    assert event.cause == f"claim/{claimed.claim_id}@1"
    assert claimed.grants[0].drawn == {event.digest: "gift"}
    assert isinstance(enters(shop, event), PromotionClaimed)


# --- later versions -----------------------------------------------------------------------------


def test_a_later_version_that_deserves_the_code_draws_no_other() -> None:
    shop = club()
    sends(shop, COFFEE, CAKE)
    before = drawn(shop)
    sends(shop, COFFEE, hours=1)
    sends(shop, COFFEE, CAKE, hours=2)
    assert drawn(shop) == before
    assert settled(shop.last).grants[0].drawn == {before[0].digest: "gift"}


def test_a_return_takes_back_the_code_that_nobody_used() -> None:
    shop = club()
    sends(shop, COFFEE, CAKE)
    (event,) = drawn(shop)
    sends(shop, CAKE, hours=1)
    back = only(PromoCodeWithdrawn, shop.last)
    assert isinstance(back, PromoCodeWithdrawn)
    assert (back.digest, back.cause, back.at) == (event.digest, "sale/s1/7@3", later(1))
    assert settled(shop.last).not_done == []
    with pytest.raises(Rejected):
        enters(shop, event, hours=2)
    wrong = only(PromoCodeRefused, shop.last)
    assert isinstance(wrong, PromoCodeRefused)
    assert (wrong.why, wrong.promotion) == ("withdrawn", "gift")


def test_what_is_deserved_again_is_another_code() -> None:
    shop = club()
    sends(shop, COFFEE)
    voids(shop, COFFEE)
    sends(shop, COFFEE, hours=2)
    gone, new = drawn(shop)
    assert gone.digest != new.digest
    assert enters(shop, new, hours=3).promotion == "gift"


def test_a_code_that_was_used_stays_used_and_the_return_says_so() -> None:
    shop = club()
    sends(shop, COFFEE)
    (event,) = drawn(shop)
    enters(shop, event, hours=1)
    voids(shop, COFFEE, hours=2)
    assert every(PromoCodeWithdrawn, shop.last) == []
    assert why_not(settled(shop.last)) == [("code:gift", USED, 0)]
    assert shop.points() == 10
    sends(shop, COFFEE, hours=3)
    assert len(drawn(shop)) == 1


def test_a_version_after_the_return_window_takes_no_code_back() -> None:
    shop = club(return_window="P1D")
    sends(shop, COFFEE)
    (event,) = drawn(shop)
    sends(shop, COFFEE, CAKE, hours=25)
    assert settled(shop.last).outside_return_window
    assert [one.drawn for one in settled(shop.last).grants] == [{}]
    voids(shop, COFFEE, hours=26)
    assert every(PromoCodeWithdrawn, shop.last) == []
    assert enters(shop, event, hours=27).promotion == "gift"


# --- levels -------------------------------------------------------------------------------------


def gold() -> Shop:
    """Gold for twenty dollars; entering it gives a code."""
    return club(giving(TEN), **system(level("gold", spent("20.00"), CODE)))


def test_entering_a_level_draws_a_code_that_goes_with_the_level() -> None:
    shop = gold()
    sends(shop, line("tea", "25.00"))
    (event,) = drawn(shop)
    assert event.rule == "tier:club/gold"
    voids(shop, line("tea", "25.00"))
    assert only(TierEntryUndone, shop.last)
    back = only(PromoCodeWithdrawn, shop.last)
    assert isinstance(back, PromoCodeWithdrawn)
    assert back.digest == event.digest


def test_of_a_lost_level_a_used_code_stays_used() -> None:
    shop = gold()
    sends(shop, line("tea", "25.00"))
    (event,) = drawn(shop)
    enters(shop, event, hours=1)
    voids(shop, line("tea", "25.00"), hours=2)
    assert every(PromoCodeWithdrawn, shop.last) == []
    assert why_not(settled(shop.last)) == [("code:gift", USED, 0)]


def test_a_wrong_code_is_told_apart_by_nobody() -> None:
    shop = club()
    sends(shop, COFFEE)
    voids(shop, COFFEE)
    (event,) = drawn(shop)
    gone = Listed(event.digest, "gift", shop.states[promo_code_of(event.digest)])
    wrong = refused(Reason.PROMOTION_NOT_AVAILABLE, shop, listed=gone)
    unknown = refused(Reason.PROMOTION_NOT_AVAILABLE, shop, "nothing")
    assert (wrong.message, wrong.details) == (unknown.message, unknown.details)
