"""What a promo code gives: all that its promotion promises, and what comes before and after."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_ledger.domain.events.points import PointsAwarded, PointsExpired
from loyalty_ledger.domain.events.promotions import PromoCodeAccepted, PromotionClaimed
from loyalty_ledger.domain.events.tiers import TierEntered, TierLeft
from loyalty_ledger.domain.promo_claim import PromoClaim
from loyalty_ledger.domain.promotion import subjects
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.values import Reason
from offer_examples import NOON, TINY, minutes, treat
from promotion_examples import (
    CREDITS,
    DUE,
    POINTS,
    SOURCE,
    TIERS,
    TREAT,
    accounts,
    club,
    refused,
    spring,
    times,
)
from specification import KEYS, TILL, Shop, at, awards, every, line, only, program, rule

# --- what a claim gives ---------------------------------------------------------------------------


def test_a_claim_awards_counts_and_issues_in_one_commit() -> None:
    shop = club()
    claimed = shop.claims("SPRING26", when=minutes(5))
    kinds = [type(event) for event in shop.last]
    counted = [*[GrantCounted] * 4, OfferIssued]
    assert kinds == [PointsAwarded, *counted, PromotionClaimed, PromoCodeAccepted]
    subjects_counted = [event.subject for event in every(GrantCounted, shop.last)]
    assert subjects_counted == ["promotion:spring"] * 2 + ["offer:treat"] * 2
    assert (shop.points(), times(shop)) == (50, (1, 1))
    assert shop.offer(only(OfferIssued, shop.last).offer_id).customer_id == "ann"
    assert shop.last[-2] is claimed


def test_a_claim_says_who_asked_when_and_what_was_granted() -> None:
    shop = club(spring(TREAT, POINTS, {"award": awards(7, "credits")}))
    claimed = shop.claims("SPRING26", when=minutes(5))
    assert (claimed.at, claimed.claimed_at, claimed.by) == (minutes(5), minutes(5), TILL)
    assert (claimed.promotion, claimed.number, claimed.code) == ("spring", 1, "Spring26")
    assert (claimed.program_version, claimed.customer_id) == (1, "ann")
    (offer,) = every(OfferIssued, shop.last)
    (grant,) = claimed.grants
    assert (grant.customer_id, grant.rule) == ("ann", "promotion:spring")
    assert (grant.deserved, grant.granted) == ({"points": 50, "credits": 7}, {})
    assert (grant.lots, grant.offers) == ([1, 2], [offer.offer_id])
    assert grant.counted == ["promotion:spring"]
    assert claimed.cuts == []


def test_points_and_offers_say_the_promotion_the_version_and_the_claim() -> None:
    shop = Shop(program(), program(promotions=[spring()], offers=[treat()]))
    claimed = shop.claims("SPRING26", when=minutes(5))
    because = f"claim/{claimed.claim_id}@1"
    awarded, issued = only(PointsAwarded, shop.last), only(OfferIssued, shop.last)
    for event in (awarded, issued):
        assert (event.rule, event.program_version) == ("promotion:spring", 2)
        assert (event.cause, event.transaction, event.catalog_version) == (because, "", 0)
    assert {event.cause for event in every(GrantCounted, shop.last)} == {because}
    assert awarded.earned_at == issued.issued_at == minutes(5)


def test_the_id_of_a_claim_follows_from_promotion_customer_and_count() -> None:
    ids = [shop.claims("SPRING26").claim_id for shop in (club(), club())]
    assert ids[0] == ids[1]
    shop = club()
    own, next_one = shop.claims("SPRING26"), shop.claims("SPRING26")
    others = shop.claims("SPRING26", by="bob")
    assert [own.number, next_one.number, others.number] == [1, 2, 1]
    assert len({own.claim_id, next_one.claim_id, others.claim_id}) == 3
    assert own.claim_id.startswith("ann.") and others.claim_id.startswith("bob.")
    assert shop.states[f"claim/{own.claim_id}"] == PromoClaim("spring")


def test_first_claims_of_two_promotions_are_different_ones() -> None:
    shop = club(spring(), spring(id="other", code="OTHER"))
    one, other = shop.claims("SPRING26"), shop.claims("OTHER")
    assert (one.number, other.number) == (1, 1)
    assert one.claim_id != other.claim_id


def test_a_claim_is_dated_no_earlier_than_the_level_it_brings() -> None:
    shop = club(spring(CREDITS, CREDITS), **TIERS)
    shop.sells(line("tea", "5.00"), when=minutes(60))
    claimed = shop.claims("SPRING26", when=minutes(50))
    assert only(TierEntered, shop.last).at == minutes(60)
    assert (claimed.claimed_at, claimed.at) == (minutes(50), minutes(60))


def test_the_offers_of_two_claims_are_different_ones() -> None:
    shop = club(spring(TREAT, TREAT))
    ids = [event.offer_id for _ in range(2) if shop.claims("SPRING26")
           for event in every(OfferIssued, shop.last)]  # fmt: skip
    assert len(set(ids)) == 4


def test_a_level_gets_its_own_rate() -> None:
    rates = awards(50, by_level={"tiers": {"gold": 80}})
    shop = club(spring({"award": rates}), **TIERS)
    shop.claims("SPRING26")
    shop.sells(line("tea", "100.00"))
    claimed = shop.claims("SPRING26")
    assert claimed.levels == {"tiers": "gold"}
    awarded = only(PointsAwarded, shop.last)
    assert (awarded.points, awarded.levels) == (80, {"tiers": "gold"})


# --- the code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Spring26", "SPRING26", "spring26", "  sPrInG26\t\n"])
def test_case_and_spaces_around_do_not_matter(typed: str) -> None:
    assert club().claims(typed).promotion == "spring"


def test_the_code_finds_its_promotion_among_others() -> None:
    shop = club(spring(TREAT, id="one", code="ONE"), spring(POINTS, id="two", code=" two "))
    assert shop.claims("Two").promotion == "two"
    assert shop.points() == 50


PERIOD = {"starts": "2026-03-03T08:00:00", "ends": "2026-03-04"}
BEGINS, ENDS = at("2026-03-03 08:00"), at("2026-03-04 00:00")


def test_a_promotion_begins_at_its_beginning_and_is_over_at_its_end() -> None:
    for when in (BEGINS, ENDS - TINY):
        assert club(spring(**PERIOD)).claims("SPRING26", when=when)
    for when in (BEGINS - TINY, ENDS):
        refused(Reason.PROMOTION_NOT_AVAILABLE, club(spring(**PERIOD)), when=when)


def test_an_unknown_code_one_too_early_and_one_too_late_cannot_be_told_apart() -> None:
    shop = club(spring(**PERIOD))
    tries: list[dict[str, Any]] = [
        {"code": "SPRING25", "when": BEGINS},
        {"code": "", "when": BEGINS},
        {"when": BEGINS - TINY},
        {"when": ENDS},
    ]
    refusals = [refused(Reason.PROMOTION_NOT_AVAILABLE, shop, **one) for one in tries]
    assert len({one.message for one in refusals}) == 1
    assert [one.details for one in refusals] == [{}] * 4


@pytest.mark.parametrize("kind", ["single_use", "third_party"])
def test_promotions_of_many_codes_match_nothing_that_is_typed(kind: str) -> None:
    many = {"id": "many", "name": "M", "kind": kind, "outcomes": [POINTS]}
    for code in ("many", "M", "None", ""):
        refused(Reason.PROMOTION_NOT_AVAILABLE, club(many), code)


def test_the_program_in_force_decides() -> None:
    before, after = club(spring()), program(promotions=[], offers=[treat()])
    shop = Shop(before.programs[1], after)
    refused(Reason.PROMOTION_NOT_AVAILABLE, shop)


# --- before and after -----------------------------------------------------------------------------


def test_the_level_it_brings_is_entered_with_its_outcomes() -> None:
    shop = club(spring(CREDITS), **TIERS)
    shop.claims("SPRING26")
    assert shop.level(system="tiers") == "base"
    claimed = shop.claims("SPRING26", when=minutes(5))
    assert shop.level(system="tiers") == "gold"
    entered = only(TierEntered, shop.last)
    assert (entered.entered_at, entered.cause) == (minutes(5), f"claim/{claimed.claim_id}@1")
    assert [grant.rule for grant in claimed.grants] == [
        "promotion:spring",
        *["tier:tiers/gold"] * 2,
    ]
    assert claimed.levels == {"tiers": "base"}
    assert shop.points() == 5


def test_what_an_entered_level_may_not_give_does_not_refuse_the_claim() -> None:
    shop = club(spring(CREDITS, CREDITS), offers=[treat(issuance={"total": 1})], **TIERS)
    shop.gives("treat", to="bob")
    claimed = shop.claims("SPRING26")
    assert [cut.limit for cut in claimed.cuts] == ["offer:treat:total"]
    assert shop.level(system="tiers") == "gold"


def test_everything_a_claim_may_count_is_known_before() -> None:
    limited = SOURCE | {"limits": {"total": 9}}
    document = program(
        promotions=[spring(CREDITS), spring(id="other", code="other")],
        offers=[treat(), treat(id="rest")],
        point_sources=[limited],
        **TIERS,
    )
    first, second = document.promotions
    book = Rulebook(document, 1, KEYS.drawn_digest)
    assert subjects(first, book) == ["promotion:spring", "source:shop", "offer:treat"]
    assert subjects(second, book)[0] == "promotion:other"


def test_what_fell_due_is_recorded_before() -> None:
    month = {"kind": "rolling", "after": "P30D"}
    shop = club(
        spring(POINTS), **accounts(expiry=month, maximum_balance=60), rules=[rule()], **TIERS
    )
    shop.sells(line("tea", "50.00"))
    shop.sells(line("tea", "50.00"), when=NOON + timedelta(hours=1))
    assert (shop.points(), shop.level(system="tiers")) == (60, "gold")
    later = DUE + timedelta(days=5)
    claimed = shop.claims("SPRING26", when=later)
    kinds = [type(event) for event in shop.last]
    assert kinds[:4] == [PointsExpired, PointsExpired, TierLeft, PointsAwarded]
    assert only(TierLeft, shop.last).entered == "base"
    assert claimed.levels == {"tiers": "base"}
    assert (shop.points(), claimed.cuts) == (50, [])


def failing(shop: Shop) -> Any:
    """A sale that could not be settled."""
    sale = shop.receives(line("tea", "2.00"), when=NOON + timedelta(days=20), number="stuck")
    shop.fails(sale)
    return sale


def test_the_levels_of_a_customer_whose_sale_failed_wait_for_that_sale() -> None:
    shop = club(spring(CREDITS, CREDITS), **TIERS)
    shop.sells(line("tea", "100.00"))
    sale = failing(shop)
    claimed = shop.claims("SPRING26", when=DUE + timedelta(days=1))
    assert every(TierLeft, shop.last) == []
    assert claimed.levels == {"tiers": "gold"}
    shop.retries(sale)
    shop.keeps_time(DUE + timedelta(days=1))
    assert shop.level(system="tiers") == "gold"


def test_points_of_a_customer_whose_sale_failed_fall_due_all_the_same() -> None:
    month = {"kind": "rolling", "after": "P30D"}
    shop = club(spring(POINTS), **accounts(expiry=month), rules=[rule()])
    shop.sells(line("tea", "40.00"))
    failing(shop)
    shop.claims("SPRING26", when=DUE)
    assert only(PointsExpired, shop.last).points == 40
    assert shop.points() == 50


def test_a_level_reached_while_a_failed_sale_waits_is_entered_with_that_sale() -> None:
    shop = club(spring(CREDITS, CREDITS), **TIERS)
    sale = failing(shop)
    shop.claims("SPRING26", when=NOON + timedelta(days=21))
    assert shop.level(system="tiers") == "base"
    shop.retries(sale)
    assert shop.level(system="tiers") == "gold"
