"""Locks and time: by the real clock, frozen and moved; with the timekeeper and without."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.command_line import loyalty
from loyalty_ledger import clock
from offers.till import A_MOMENT, HALF_AN_HOUR, NOW, Shop, frozen_shop, item
from sample_ledger import both_databases

END_OF_MUGS = datetime.fromisoformat("2026-06-01T00:00:00+02:00")
MUGS = [item("MUG-SET", "20.00")]
kept_or_not = pytest.mark.parametrize("kept", [True, False], ids=["time kept", "time not kept"])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(shop: Shop, *options: object) -> Any:
    """What `loyalty profile` says; whether time is kept or not, the projections are kept up."""
    shop.ledger.projector.catch_up()
    said = loyalty(shop.url, "profile", "external:ANN", "--json", *options)
    assert (said.code, said.err) == (0, "")
    return said.json


def as_of(moment: datetime) -> tuple[str, str]:
    return "--as-of", moment.isoformat()


def known_at(moment: datetime) -> tuple[str, str]:
    return "--known-at", moment.isoformat()


def history(shop: Shop, offer: str) -> list[tuple[str, datetime]]:
    """What happened to an offer, and when it holds from."""
    stream = shop.ledger.log.stream(f"offer/{offer}")
    return [(type(one.event).__name__, one.event.at) for one in stream]


TIMEOUTS = [
    ("euro", "2026-03-10T11:00:00", "2026-03-10T11:30:00"),
    # Minutes are exact where clocks go forward on 29 March, and back on 25 October.
    ("euro", "2026-03-29T00:45:00", "2026-03-29T01:15:00"),
    ("euro", "2026-10-25T00:45:00", "2026-10-25T01:15:00"),
    # A day is one of the calendar: of 23 hours, and of 25.
    ("daily", "2026-03-28T12:00:00", "2026-03-29T11:00:00"),
    ("daily", "2026-10-24T11:00:00", "2026-10-25T12:00:00"),
    # Half past two is not there on 29 March, and is there twice on 25 October.
    ("daily", "2026-03-28T01:30:00", "2026-03-29T01:30:00"),
    ("daily", "2026-10-24T00:30:00", "2026-10-25T00:30:00"),
]


@both_databases
@kept_or_not
@pytest.mark.parametrize(("definition", "asked", "until"), TIMEOUTS)
def test_a_lock_holds_up_to_its_timeout_and_not_at_it(
    backend: str, tmp_path: Path, definition: str, asked: str, until: str, kept: bool
) -> None:
    start, end = utc(asked), utc(until)
    with frozen_shop(backend, tmp_path, start) as shop:
        offer = shop.give(definition)
        assert getattr(shop.lock(offer).event, "locked_until", None) == end
        seen = []
        after = end + timedelta(hours=9)
        for moment in (start, end - A_MOMENT, end, end + A_MOMENT, after):
            shop.move_to(moment)
            if kept:
                shop.work()
            (shown,) = (live := told(shop))["offers"]
            assert shown["state"] == ("LOCKED" if moment < end else "ISSUED"), moment
            assert (shown["locked_by"] is None) == (moment >= end)
            seen.append((clock.now(), live))
        for then, live in seen:
            assert told(shop, *as_of(then), *known_at(then)) == live
        assert shop.facts(offer).count("OfferLockLapsed") == kept
        shop.move_to(after + HALF_AN_HOUR)
        shop.lock(offer, "T2")
        locked = ("OfferLocked", after + HALF_AN_HOUR)
        assert history(shop, offer)[2:] == [("OfferLockLapsed", end), locked]
        for then, live in seen:
            assert told(shop, *as_of(then)) == live


@both_databases
def test_another_sale_gets_the_offer_at_the_timeout_and_not_before(
    backend: str, tmp_path: Path
) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer = shop.give()
        shop.lock(offer)
        shop.move_to(NOW + HALF_AN_HOUR - A_MOMENT)
        with shop.refused("offer_locked"):
            shop.lock(offer, "T2")
        shop.move_to(NOW + HALF_AN_HOUR)
        shop.lock(offer, "T2")
        with shop.refused("offer_locked"):
            shop.lock(offer, "T1")


@both_databases
def test_a_lapse_is_recorded_once_whoever_comes_first(backend: str, tmp_path: Path) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer, other = shop.give(), shop.another()
        shop.lock(offer)
        end = NOW + HALF_AN_HOUR
        shop.move_to(end - A_MOMENT)
        shop.work()
        assert not shop.events("OfferLockLapsed")
        shop.move_to(end)
        for one in (shop, other, shop):
            one.work()
        assert loyalty(shop.url, "work", "--once").code == 0
        shop.work(end + timedelta(days=1))
        other.lock(offer, "T2")
        assert history(shop, offer)[2:] == [("OfferLockLapsed", end), ("OfferLocked", end)]
        assert len(shop.events("OfferLockLapsed")) == 1
        shop.move_to(end + HALF_AN_HOUR)
        shop.unlock(offer)  # it is free already; that it lapsed is recorded by whoever acts
        shop.work()
        assert shop.facts(offer)[4:] == ["OfferLockLapsed"]


@both_databases
def test_the_timekeeper_goes_by_the_moment_it_is_given(backend: str, tmp_path: Path) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer = shop.give()
        shop.lock(offer)
        shop.move_to(NOW + timedelta(hours=5))
        early = (NOW + HALF_AN_HOUR - A_MOMENT).isoformat()
        assert loyalty(shop.url, "work", "--once", "--until", early).code == 0
        assert not shop.events("OfferLockLapsed")
        on_time = (NOW + HALF_AN_HOUR).isoformat()
        assert loyalty(shop.url, "work", "--once", "--until", on_time).code == 0
        assert len(shop.events("OfferLockLapsed")) == 1


ACTS: dict[str, Callable[[Shop, str], object]] = {
    "locked by the same sale": lambda shop, offer: shop.lock(offer, items=MUGS),
    "locked by another": lambda shop, offer: shop.lock(offer, "T2", items=MUGS),
    "redeemed by another": lambda shop, offer: shop.redeem(offer, "T2", items=MUGS),
    "unlocked": lambda shop, offer: shop.unlock(offer),
    "revoked": lambda shop, offer: shop.revoke(offer),
    "closed": lambda shop, offer: shop.close("T1", offer),
    "closed by another": lambda shop, offer: shop.close("T2", offer),
    "not carried": lambda shop, offer: shop.close("T1"),
    "voided": lambda shop, offer: shop.close("T1", is_voided=True),
    "nothing": lambda shop, _offer: shop.work(),
}


@both_databases
@pytest.mark.parametrize("act", ACTS)
def test_what_comes_after_a_lapse_is_the_same_whether_the_timekeeper_ran_or_not(
    backend: str, tmp_path: Path, act: str
) -> None:
    found = []
    for kept in (True, False):
        with frozen_shop(backend, tmp_path / str(kept), NOW) as shop:
            offer = shop.give("mug-set")
            shop.lock(offer, items=MUGS)
            shop.move_to(NOW + timedelta(hours=1))
            if kept:
                shop.work()
                assert shop.facts(offer)[-1] == "OfferLockLapsed"
            shop.move_to(NOW + timedelta(hours=2))
            ACTS[act](shop, offer)
            shop.work()
            shown = shop.offers()[offer]
            lapse, *rest = history(shop, offer)[2:]
            assert lapse == ("OfferLockLapsed", NOW + HALF_AN_HOUR)
            found.append((rest, shown, [told(shop, *as_of(NOW + HALF_AN_HOUR))]))
    assert found[0] == found[1]


@both_databases
@kept_or_not
def test_a_sale_that_waited_for_hours_in_a_queue_keeps_its_discount(
    backend: str, tmp_path: Path, kept: bool
) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer = shop.give()
        bound = shop.lock(offer)
        shop.move_to(sold := NOW + timedelta(minutes=5))
        body = shop.body("T1", bound)
        shop.move_to(seen := NOW + timedelta(hours=2))
        if kept:
            shop.work()
        before = told(shop)
        assert before["offers"][0]["state"] == "ISSUED"
        shop.move_to(NOW + timedelta(hours=7))
        assert [one.outcome for one in shop.receive(body)] == ["accepted"]
        assert shop.flags() == []
        assert told(shop)["offers"][0]["state"] == "REDEEMED"
        # The lapse holds from when it was, and what comes after it cannot hold from earlier.
        lapsed = NOW + HALF_AN_HOUR
        assert history(shop, offer)[2:] == [("OfferLockLapsed", lapsed), ("OfferRedeemed", lapsed)]
        assert told(shop, *as_of(sold))["offers"][0]["state"] == "LOCKED"
        assert told(shop, *as_of(lapsed))["offers"][0]["state"] == "REDEEMED"
        assert told(shop, *as_of(seen), *known_at(seen)) == before


@both_databases
@kept_or_not
def test_a_sale_from_before_the_end_of_the_period_keeps_its_discount_after_it(
    backend: str, tmp_path: Path, kept: bool
) -> None:
    """The lock lapsed, the period ended, both were recorded perhaps, and then the sale came."""
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer = shop.give("mug-set")
        shop.move_to(END_OF_MUGS - timedelta(minutes=10))
        body = shop.body("T1", shop.lock(offer, items=MUGS), items=MUGS)
        lapsed = END_OF_MUGS + timedelta(minutes=20)
        shop.move_to(lapsed)
        if kept:
            shop.work()
            assert history(shop, offer)[2:] == [
                ("OfferLockLapsed", lapsed),
                ("OfferExpired", lapsed),
            ]
        assert shop.state(offer) == "EXPIRED"
        shop.move_to(END_OF_MUGS + timedelta(hours=8))
        shop.receive(body)
        assert (shop.state(offer), shop.flags()) == ("REDEEMED", [])


@both_databases
def test_a_group_of_bodies_is_judged_each_at_the_instant_it_was_read(
    backend: str, tmp_path: Path
) -> None:
    """Of two bodies read around the end of a lock, the first finds it alive."""
    with frozen_shop(backend, tmp_path, NOW) as shop:
        alive, lapsed = shop.give(), shop.give()
        bodies = [
            shop.body("T1", shop.lock(alive)),
            shop.body("T2", shop.lock(lapsed, "T2")),
        ]
        end = NOW + HALF_AN_HOUR
        instants = iter([end - A_MOMENT, end])
        shop.ledger.intake._clock = lambda: next(instants)
        shop.receive(*bodies)
        assert shop.facts(alive)[2:] == ["OfferRedeemed"]
        assert shop.facts(lapsed)[2:] == ["OfferLockLapsed", "OfferRedeemed"]


@both_databases
def test_a_worker_that_is_always_on_learns_that_a_lock_was_given_up_elsewhere(
    backend: str, tmp_path: Path
) -> None:
    """What it saw of an offer when there was nothing to record is not what it goes by later."""
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer, till = shop.give("mug-set"), shop.another()
        shop.move_to(END_OF_MUGS - timedelta(minutes=5))
        till.lock(offer, items=MUGS)
        shop.move_to(END_OF_MUGS)
        shop.work()
        assert shop.facts(offer)[-1] == "OfferLocked"
        shop.move_to(END_OF_MUGS + timedelta(minutes=1))
        till.unlock(offer)
        shop.move_to(END_OF_MUGS + timedelta(minutes=2))
        shop.work()
        assert shop.facts(offer)[-1] == "OfferExpired"


@both_databases
def test_offers_end_when_nobody_looks_and_are_recorded_as_ended_once(
    backend: str, tmp_path: Path
) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer = shop.give("mug-set")
        shop.move_to(END_OF_MUGS - A_MOMENT)
        shop.work()
        assert told(shop)["offers"][0]["state"] == "ISSUED"
        shop.move_to(END_OF_MUGS)
        live = told(shop)
        assert live["offers"][0]["state"] == "EXPIRED"
        for one in (shop, shop.another(), shop):
            one.work()
        assert history(shop, offer)[1:] == [("OfferExpired", END_OF_MUGS)]
        assert told(shop) == live == told(shop, *as_of(END_OF_MUGS))
        shop.move_to(END_OF_MUGS + timedelta(days=40))
        assert told(shop, *as_of(END_OF_MUGS - A_MOMENT))["offers"][0]["state"] == "ISSUED"
        with shop.refused("offer_expired"):
            shop.lock(offer, items=MUGS)


@both_databases
def test_nothing_is_recorded_for_who_has_a_sale_that_waits_and_answers_do_not_need_it(
    backend: str, tmp_path: Path
) -> None:
    with frozen_shop(backend, tmp_path, NOW) as shop:
        offer, others = shop.give(), shop.give(to="BOB")
        shop.lock(offer)
        shop.lock(others, "T2")
        shop.work()
        shop.move_to(NOW + HALF_AN_HOUR)
        shop.close("T3", customer="ANN")
        due = {shop.id_of(): [offer], shop.id_of("BOB"): [others]}
        shop.ledger.timekeeper.keep(due, clock.now(), due)
        assert (shop.facts(offer)[-1], shop.state(offer)) == ("OfferLocked", "ISSUED")
        assert shop.facts(others)[-1] == "OfferLockLapsed"
        shop.work()
        assert shop.facts(offer)[-1] == "OfferLockLapsed"
