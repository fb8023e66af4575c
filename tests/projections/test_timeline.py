"""What happened to a customer besides points: joining, levels, the life of every offer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.offers import OfferIssued
from loyalty_projections.timeline import Happening
from offers.till import (
    A_MOMENT,
    CASHIER,
    HALF_AN_HOUR,
    NOW,
    Shop,
    carrying,
    document,
    external,
    item,
    shop_on,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with shop_on(request.param, tmp_path) as made:
        yield made


def kinds(shop: Shop, of: str = "ANN", subject: str | None = None) -> list[str]:
    return [one.kind for one in shop.timeline(of, subject)]


def test_the_whole_life_of_an_offer_is_told_with_who_asked_and_why(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    shop.unlock(offer)
    shop.redeem(offer, "T2")
    shop.reinstate(offer)
    made = shop.ledger.offers.code(offer, CASHIER)
    shop.lock(made.code, "T3", by_code=True)
    shop.later(hours=1)
    shop.work()
    shop.revoke(offer)
    rows = shop.timeline(subject=offer)
    told = [(one.kind, one.transaction, one.employee_id, one.why) for one in rows]
    assert told == [
        ("OfferIssued", None, "emma", "sorry"),
        ("OfferLocked", "main/T1", "emma", "requested"),
        ("OfferUnlocked", "main/T1", "emma", "requested"),
        ("OfferRedeemed", "main/T2", "emma", "requested"),
        ("OfferReinstated", "main/T2", "emma", "requested"),
        ("OfferCodeMade", None, "emma", "requested"),
        ("OfferCodeUsed", "main/T3", "emma", "requested"),
        ("OfferLocked", "main/T3", "emma", "requested"),
        ("OfferLockLapsed", "main/T3", None, "lapsed"),
        ("OfferRevoked", None, "emma", "fraud"),
    ]
    assert {one.client_id for one in rows} == {"till-1", None}
    assert {one.subject for one in rows} == {offer}
    locked = rows[1]
    assert locked.facts["amount"] == 100
    assert str(locked.facts["locked_until"]).startswith("2026-03-10T11:30:00")


def test_an_issued_offer_says_what_it_is_and_what_it_cost(shop: Shop) -> None:
    (bought,) = shop.buy("mugs-400")
    (row,) = shop.timeline(subject=bought.offer_id)
    assert row.facts == {
        "definition": "mug-set",
        "rule": "reward_store:rewards/mugs-400",
        "price": 400,
        "expires_at": "2026-05-31T22:00:00Z",
    }
    shop.close("T1", items=[item("BEANS", "8.00")])
    shop.work()
    row = shop.timeline()[-1]
    assert (row.kind, row.transaction, row.cause) == ("OfferIssued", "main/T1", "sale/main/T1@1")
    assert row.facts == {"definition": "forever", "rule": "rule:beans"}
    assert (row.client_id, row.employee_id, row.why) == (None, None, "earned")


def test_an_offer_that_ended_and_one_redeemed_by_its_sale_are_told(shop: Shop) -> None:
    ended, used = shop.give(), shop.give()
    shop.close("T1", used)
    shop.later(days=31)
    shop.work()
    assert kinds(shop, subject=ended)[-1] == "OfferExpired"
    row = shop.timeline(subject=used)[-1]
    assert (row.kind, row.why, row.cause) == ("OfferRedeemed", "sale_closed", "sale/main/T1@1")
    assert row.facts == {"amount": 100}


def test_joining_consent_tags_and_levels_are_told(shop: Shop) -> None:
    assert [(one.kind, one.facts) for one in shop.timeline("VIC")] == [
        ("CustomerEnrolled", {"opted_in": True, "tags": ["vip"]})
    ]
    record = CustomerRecord((external("VIC"),), False, ("staff",), ())
    assert shop.ledger.administration.enrol([record]) == [True]
    shop.close("T1", customer="VIC", items=[item("BREAD", "150.00")])
    shop.work()
    rows = shop.timeline("VIC")
    assert [one.kind for one in rows][1:] == ["CustomerChanged", "TierEntered", "OfferIssued"]
    assert rows[1].facts == {"opted_in": False, "tags": ["staff"]}
    assert (rows[2].subject, rows[2].facts) == ("club", {"level": "silver"})
    assert kinds(shop, "VIC", "club") == ["TierEntered"]


def test_each_customer_of_a_sale_sees_that_a_discount_was_not_honoured(shop: Shop) -> None:
    both = [{"amount": 4, "user_id": "ANN"}, {"amount": 3, "user_id": "BOB"}]
    shop.close("T1", carrying("nothing", "2.50"), payments=both)
    for name in ("ANN", "BOB"):
        row = shop.timeline(name)[-1]
        assert (row.kind, row.subject, row.why) == (
            "DiscountNotHonoured",
            "nothing",
            "offer_not_found",
        )
        assert row.facts == {"amount": 250}
    assert kinds(shop, "VIC") == ["CustomerEnrolled"]


def test_as_of_and_known_at_cut_the_timeline(shop: Shop) -> None:
    offer = shop.give()
    shop.lock(offer)
    given = shop.last(offer).at
    seen = shop.moment().now
    shop.later(hours=1)
    shop.unlock(offer)  # it had lapsed; that holds from then, and was recorded now
    ask, customer = shop.ledger.answers.timeline, shop.id_of()
    lapsed = shop.last(offer).at
    assert (lapsed - given, shop.last(offer).why) == (HALF_AN_HOUR, "lapsed")

    def at(**moment: object) -> list[str]:
        return [one.kind for one in ask(customer, shop.moment(**moment), offer)]  # type: ignore[arg-type]

    assert at(as_of=lapsed) == ["OfferIssued", "OfferLocked", "OfferLockLapsed"]
    assert at(as_of=lapsed - timedelta(microseconds=1)) == ["OfferIssued", "OfferLocked"]
    assert at(as_of=lapsed, known_at=seen) == at(as_of=lapsed)  # the lock was known to lapse then
    assert at(as_of=lapsed, known_at=given) == ["OfferIssued"]
    assert at(as_of=NOW - timedelta(days=1)) == []
    assert at(as_of=shop.moment().now) == kinds(shop, subject=offer)
    assert ask(customer, shop.moment(as_of=lapsed)) == [
        one for one in shop.timeline() if one.at <= lapsed
    ]


# --- what time does, recorded or not ------------------------------------------------------------

FELL_DUE = ("OfferLockLapsed", "OfferExpired", "TierLeft")


def test_a_lapse_an_end_and_a_lost_level_are_told_before_they_are_recorded(shop: Shop) -> None:
    a_month_of_waiting(shop)
    assert shop.events(*FELL_DUE) == []
    told = shop.timeline()
    due = [one for one in told if one.recorded_at is None]
    assert {one.kind for one in due} == set(FELL_DUE)
    left = next(one for one in due if one.kind == "TierLeft")
    assert (left.subject, left.why) == ("club", "maintenance")
    assert left.facts == {"entered": "bronze", "level": "silver"}
    shop.work()
    recorded = shop.timeline()
    assert aside(recorded) == aside(told)
    assert None not in [one.recorded_at for one in recorded]
    assert sorted(one.kind for one in due) == sorted(
        type(event).__name__ for event in shop.events(*FELL_DUE)
    )


def test_the_timeline_of_a_moment_is_the_same_whenever_the_timekeeper_runs(shop: Shop) -> None:
    a_month_of_waiting(shop)
    whole = shop.timeline()
    instants = sorted({one.at for one in whole})
    grid = [at + by for at in instants for by in (-A_MOMENT, timedelta(), timedelta(hours=1))]
    now, seen = shop.moment().now, shop.ledger.log.head().recorded_at
    moments = [Moment(now), Moment(now, None, seen), *(Moment(now, at) for at in grid)]
    moments += [Moment(now, at, seen) for at in grid[::4]]
    before = asked(shop, moments)
    assert before[0] == before[1] == aside(whole)
    for until in instants[2::6]:
        shop.work(until)
        assert asked(shop, moments) == before
    shop.work()
    assert asked(shop, moments) == before


def test_the_timeline_as_of_a_moment_is_the_first_part_of_what_is_told_later(shop: Shop) -> None:
    a_month_of_waiting(shop)
    whole = shop.timeline()
    for one in whole:
        told = asked(shop, [Moment(one.at, one.at)])[0]
        assert told == aside(whole)[: len(told)]
        assert len(told) == sum(other.at <= one.at for other in whole)


def test_what_has_fallen_due_is_told_of_the_offer_that_is_named_alone(shop: Shop) -> None:
    one, other = shop.give(), shop.give()
    shop.lock(one)
    shop.later(hours=1)
    assert kinds(shop, subject=one) == ["OfferIssued", "OfferLocked", "OfferLockLapsed"]
    assert kinds(shop, subject=other) == ["OfferIssued"]
    shop.later(days=31)
    assert kinds(shop, subject=one)[2:] == ["OfferLockLapsed", "OfferExpired"]
    assert kinds(shop, subject=other) == ["OfferIssued", "OfferExpired"]
    assert kinds(shop, "BOB") == ["CustomerEnrolled"]


def test_offers_that_end_at_one_instant_stand_as_they_will_be_recorded(shop: Shop) -> None:
    given = [shop.give("mug-set") for _ in range(3)]
    shop.lock(given[1], items=[item("MUG-SET", "20.00")])
    shop.later(days=90)
    told = shop.timeline()
    assert [one.subject for one in told if one.kind == "OfferExpired"] == sorted(given)
    shop.work()
    assert aside(shop.timeline()) == aside(told)


def a_month_of_waiting(shop: Shop) -> None:
    """Offers are locked, freed late and left alone and a level is not kept; nobody keeps time."""
    changed = document()
    changed["tier_systems"][0]["levels"][1]["maintenance"] = {
        "every": "P10D",
        "requires": {"spend": {"amount": "900.00", "within": "P10D"}},
    }
    shop.publish(changed)
    shop.close("bread", items=[item("BREAD", "60.00")])
    shop.work(NOW)
    shop.close("late", items=[item("BEANS", "8.00")], at=NOW - timedelta(days=2))
    shop.work(NOW)
    offers = [shop.give() for _ in range(6)]
    for number, offer in enumerate(offers[:3]):
        shop.lock(offer, f"T{number}")
    shop.redeem(offers[3])
    shop.later(days=20)
    offers += [shop.give() for _ in range(3)]
    shop.lock(offers[6])
    ends = min(one.expires_at for one in of_euros(shop) if one.expires_at)
    shop.move_to(ends - HALF_AN_HOUR / 2)
    held, freed = sorted(offers[4:6])
    for offer in (held, freed):
        shop.lock(offer)
    shop.move_to(ends + HALF_AN_HOUR / 3)
    shop.unlock(freed)  # after its end, which comes at once then
    shop.later(days=40)
    shop.lock(offers[7])
    shop.later(days=51)


def of_euros(shop: Shop) -> list[OfferIssued]:
    return [
        one
        for one in shop.events("OfferIssued")
        if isinstance(one, OfferIssued) and one.definition == "euro"
    ]


def asked(shop: Shop, moments: list[Moment]) -> list[list[dict[str, object]]]:
    shop.ledger.projector.catch_up()
    customer = shop.id_of()
    return [aside(shop.ledger.answers.timeline(customer, moment)) for moment in moments]


def aside(told: list[Happening]) -> list[dict[str, object]]:
    """What was told, but for when it was recorded."""
    return [one.model_dump(exclude={"recorded_at"}) for one in told]
