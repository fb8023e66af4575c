"""Promo codes: what they give, counted in one commit; or nothing, and no trace of the try."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from loyalty_ledger import verification
from loyalty_ledger.domain.events.limits import GrantCounted
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.store.log import Appended, Commit
from offers.till import CASHIER, NOW, Shop, item, promoting
from sample_ledger import digests, ledger_on

APRIL = datetime(2026, 3, 31, 22, tzinfo=UTC)


@pytest.fixture
def promo(shop: Shop) -> Iterator[Shop]:
    """The shop, where MUGLOVE gives a mug set and 50 points."""
    shop.publish(promoting())
    yield shop


def claims(shop: Shop) -> list[Any]:
    return shop.events("PromotionClaimed")


def test_points_offer_counts_and_claim_are_one_commit_that_names_all_it_read(promo: Shop) -> None:
    append, seen = promo.ledger.log.append, list[Commit]()

    def spy(commit: Commit) -> Appended:
        seen.append(commit)
        return append(commit)

    with patch.object(promo.ledger.log, "append", spy):
        claimed = promo.claim("MUGLOVE")
    (commit,) = seen
    events, ann = [one.event for one in commit.events], promo.id_of()
    assert [type(one).__name__ for one in events] == [
        *("PointsAwarded", "GrantCounted", "GrantCounted"),
        *("GrantCounted", "GrantCounted", "OfferIssued", "PromotionClaimed"),
        "PromoCodeAccepted",
    ]
    counted = [one.subject for one in events if isinstance(one, GrantCounted)]
    assert counted == ["promotion:mug-love"] * 2 + ["offer:mug-set"] * 2
    (offer,) = claimed.issued
    assert set(commit.expected) == {
        "program",
        *(f"{kind}/{ann}" for kind in ("customer", "wallet", "tiers", "usage")),
        *("limit/promotion:mug-love", "limit/offer:mug-set", "limit/offer:welcome"),
        f"offer/{offer.offer_id}",
        f"claim/{claimed.event.claim_id}",
        *(one for one in commit.expected if one.startswith(("promo-code/", f"tries/{ann}"))),
    }
    assert sum(one.startswith("promo-code/") for one in commit.expected) == 2
    assert f"tries/{ann}" in commit.expected


def test_what_was_claimed_is_in_the_profile_and_the_history(promo: Shop) -> None:
    claimed = promo.claim(" muglove ")
    assert promo.points() == 1_050
    (offer,) = promo.offers().values()
    assert (offer.offer_id, offer.definition) == (claimed.issued[0].offer_id, "mug-set")
    assert offer.state == "ISSUED"
    movement = promo.ledger.answers.history(promo.id_of(), promo.moment())[-1]
    assert (movement.points, movement.kind, movement.rule) == (50, "awarded", "promotion:mug-love")
    assert movement.cause == f"claim/{claimed.event.claim_id}@1"


def test_a_claim_says_who_asked_and_by_which_program(promo: Shop) -> None:
    event = promo.claim("MUGLOVE").event
    assert (event.by, event.promotion, event.program_version) == (CASHIER, "mug-love", 2)
    assert event.customer_id == promo.id_of()
    assert claims(promo) == [event]


def test_a_claim_that_could_not_be_stored_gave_nothing(promo: Shop) -> None:
    failure = OSError("the disk is full")
    with patch.object(promo.ledger.log, "append", side_effect=failure), pytest.raises(OSError):
        promo.claim("MUGLOVE")
    other = promo.another()
    assert (other.points(), other.offers()) == (1_000, {})
    promo.claim("MUGLOVE")
    assert (other.points(), len(other.offers())) == (1_050, 1)


def test_an_unknown_code_one_too_early_and_one_too_late_get_one_answer(shop: Shop) -> None:
    shop.publish(promoting(starts="2026-03-11", ends="2026-04-01"))
    told = []
    for code, moment in (("MUGLOVE", NOW), ("NOTHING", NOW), ("MUGLOVE", APRIL)):
        shop.move_to(moment)
        with shop.refused("promotion_not_available") as refusal:
            shop.claim(code)
        told.append((refusal.value.message, refusal.value.details))
    assert told == [("nothing can be claimed with this code now", {})] * 3
    shop.publish(promoting(starts="2026-03-11"))
    assert shop.claim("MUGLOVE").event.number == 1


def test_limits_of_the_promotion_hold_for_each_and_for_all(shop: Shop) -> None:
    shop.publish(promoting(per_customer=1, total=2))
    shop.claim("MUGLOVE")
    with shop.refused("limit_reached") as refusal:
        shop.another().claim("MUGLOVE")
    assert refusal.value.details == {"limit": "per_customer", "left": 0}
    shop.claim("MUGLOVE", "BOB")
    with shop.refused("limit_reached") as refusal:
        shop.claim("MUGLOVE", "VIC")
    assert refusal.value.details == {"limit": "total", "left": 0}


def test_an_offer_that_cannot_be_issued_refuses_the_claim_which_can_be_made_later(
    shop: Shop,
) -> None:
    shop.publish(promoting(per_customer=1))
    shop.ledger.offers.give(shop.id_of(), "mug-set", CASHIER, "all that there are", 3)
    with shop.refused("not_available") as refusal:
        shop.claim("MUGLOVE", "BOB")
    assert refusal.value.details == {"offer": "mug-set", "limit": "total", "left": 0}
    more = promoting(per_customer=1)
    more["offers"] = [
        one | ({"issuance": {"total": 4}} if one["id"] == "mug-set" else {})
        for one in more["offers"]
    ]
    more["reward_stores"] = []
    shop.publish(more)
    assert shop.claim("MUGLOVE", "BOB").event.number == 1


def test_who_is_not_enrolled_claims_nothing(promo: Shop) -> None:
    with promo.refused("unknown_customer"):
        promo.ledger.promotions.claim("nobody", "MUGLOVE", Actor())


def test_nobody_claims_before_there_is_a_program(database_url: str) -> None:
    with ledger_on(database_url) as ledger, pytest.raises(Rejected) as refusal:
        ledger.promotions.claim("nobody", "MUGLOVE", Actor())
    assert refusal.value.code.value == "no_program"


def test_the_program_another_process_has_published_decides(promo: Shop) -> None:
    promo.claim("MUGLOVE")
    promo.another().publish(promoting(code="MUGS"))
    with promo.refused("promotion_not_available"):
        promo.claim("MUGLOVE")
    assert promo.claim("MUGS").event.program_version == 3


@pytest.mark.parametrize(("limit", "who"), [("per_customer", "ANN"), ("total", "BOB")])
def test_two_claims_beyond_a_limit_decided_on_the_same_state_are_one(
    shop: Shop, limit: str, who: str
) -> None:
    """The second process has read what it decides on before the first one claimed."""
    shop.publish(promoting(**{limit: 1}))
    other = shop.another()
    append, once = shop.ledger.log.append, [True]

    def late(commit: Commit) -> Appended:
        if once:
            once.clear()
            other.claim("MUGLOVE", who)
        return append(commit)

    with patch.object(shop.ledger.log, "append", late), pytest.raises(Rejected) as refusal:
        shop.claim("MUGLOVE")
    assert refusal.value.details == {"limit": limit, "left": 0}
    assert len(claims(shop)) == 1


# --- with levels, and with sales that wait ------------------------------------------------------

CREDITS = {"award": {"account": "credits", "source": "purchases", "points": 100}}
SILVER: dict[str, Any] = {
    "id": "silver",
    "name": "Silver",
    "entrance": {
        "any": [
            {"points_earned": {"account": "credits", "amount": 100}},
            {"spend": {"amount": "150.00", "within": "P1M"}},
        ]
    },
    "maintenance": {"every": "P1M", "requires": {"spend": {"amount": "20.00", "within": "P1M"}}},
    "on_entry": [{"issue": "welcome"}, {"award": CREDITS["award"] | {"points": 1}}],
}


def with_silver(*outcomes: dict[str, Any]) -> dict[str, Any]:
    """Silver for 100 credits or 150 euros, kept by 20 euros a month; its gifts are limited."""
    made = promoting(*outcomes)
    made["tier_systems"][0]["levels"][1] = SILVER
    made["point_sources"][0]["limits"] = {"total": 5}
    for one in made["offers"]:
        if one["id"] == "welcome":
            one["issuance"] = {"total": 1}
    return made


def test_a_level_that_a_claim_brings_gives_what_its_limits_allow(shop: Shop) -> None:
    shop.publish(with_silver(CREDITS))
    claimed = shop.claim("MUGLOVE")
    assert [(one.system, one.level) for one in claimed.entered] == [("club", "silver")]
    assert [one.definition for one in claimed.issued] == ["welcome"]
    assert [one.points for one in claimed.awarded] == [100, 1]
    (row,) = shop.timeline(subject="promotion:mug-love")
    assert row.facts == {"claim_id": claimed.event.claim_id, "awarded": {"credits": 100}}
    second = shop.another().claim("MUGLOVE", "BOB")
    assert [one.definition for one in second.issued] == []
    assert [one.limit for one in second.event.cuts] == ["offer:welcome:total"]
    third = shop.claim("MUGLOVE", "VIC")  # the fifth award of the source, and its last
    assert [one.limit for one in third.event.cuts] == [
        *("offer:welcome:total", "source:purchases:total"),
    ]
    with shop.refused("not_available") as refusal:
        shop.claim("MUGLOVE", "VIC")
    assert refusal.value.details == {"source": "purchases", "limit": "total"}


@pytest.mark.parametrize("worker_first", [True, False])
def test_a_claim_takes_no_level_that_a_waiting_sale_keeps(shop: Shop, worker_first: bool) -> None:
    shop.publish(with_silver())
    shop.close("first", customer="BOB", items=[item("BREAD", "200.00")])
    shop.work()
    shop.later(days=20)
    late = shop.body("second", customer="BOB", items=[item("BREAD", "20.00")])
    shop.later(days=40)
    shop.receive(late)
    if worker_first:
        shop.work()
    assert shop.claim("MUGLOVE", "BOB").event.levels == {"club": "silver"}
    assert shop.events("TierLeft") == []
    assert len(shop.events("TierKept")) == 1


@pytest.mark.parametrize("worker_first", [True, False])
def test_a_claim_takes_no_points_that_a_waiting_sale_keeps_alive(
    shop: Shop, worker_first: bool
) -> None:
    idle = promoting()
    idle["point_accounts"][0]["expiry"] = {"kind": "inactivity", "after": "P1M", "percent": "50"}
    shop.publish(idle)
    shop.close("first", customer="BOB", items=[item("BREAD", "200.00")])
    shop.work()
    shop.later(days=20)
    late = shop.body("second", customer="BOB", items=[item("BREAD", "20.00")])
    shop.later(days=40)
    shop.receive(late)
    if worker_first:
        shop.work()
    shop.claim("MUGLOVE", "BOB")
    shop.work()
    assert shop.points("BOB") == 2_250


# --- the views ----------------------------------------------------------------------------------


def test_the_timeline_tells_the_claim_and_each_offer(promo: Shop) -> None:
    claimed = promo.claim("MUGLOVE")
    issued, row = promo.timeline()[-2:]
    assert (issued.kind, issued.why, issued.facts["rule"]) == (
        *("OfferIssued", "earned"),
        "promotion:mug-love",
    )
    assert issued.cause == f"claim/{claimed.event.claim_id}@1"
    assert (row.kind, row.subject) == ("PromotionClaimed", "promotion:mug-love")
    assert (row.client_id, row.employee_id, row.cause) == ("till-1", "emma", None)
    assert row.facts == {
        "claim_id": claimed.event.claim_id,
        "awarded": {"points": 50},
        "offers": [claimed.issued[0].offer_id],
    }
    assert promo.timeline(subject="promotion:mug-love") == [row]
    assert [one.kind for one in promo.timeline("BOB")] == ["CustomerEnrolled"]


def test_before_the_claim_and_before_it_was_known_there_was_none(promo: Shop) -> None:
    before = promo.moment().now
    promo.later(hours=1)
    promo.claim("MUGLOVE")
    now, ann = promo.moment().now, promo.id_of()
    for moment in (promo.moment(as_of=before), promo.moment(known_at=before)):
        assert promo.offers(moment=moment) == {}
        kinds = [one.kind for one in promo.ledger.answers.timeline(ann, moment)]
        assert "PromotionClaimed" not in kinds
    seen = promo.ledger.answers.timeline(ann, promo.moment(as_of=now))
    assert seen == promo.timeline()


def test_the_books_balance_and_every_view_is_rebuilt_the_same(promo: Shop) -> None:
    promo.claim("MUGLOVE")
    promo.claim("MUGLOVE", "BOB")
    promo.later(days=400)
    promo.work()
    promo.ledger.projector.catch_up()
    live = digests(promo.ledger)
    assert verification.verify(promo.ledger, lambda _done, _goal: None).problems == []
    for name in live:
        assert promo.ledger.projector.rebuild(name, batch=3).same
    assert digests(promo.ledger) == live


def test_a_refused_try_is_not_told(promo: Shop) -> None:
    before = promo.timeline()
    with promo.refused("promotion_not_available"):
        promo.claim("NOTHING")
    assert promo.timeline() == before
    assert claims(promo) == []
