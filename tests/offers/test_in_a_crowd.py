"""When the worker is behind, others write much, or somebody is faster by a moment."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loyalty_ledger import states
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Appended, Commit, Conflict, Loaded
from offers.till import NOW, Shop, document, item

MAY = datetime(2026, 4, 30, 22, tzinfo=UTC)


def with_idle_points() -> dict[str, Any]:
    """Half of the points are lost after a month without earning or spending."""
    made = document()
    made["point_accounts"][0]["expiry"] = {"kind": "inactivity", "after": "P1M", "percent": "50"}
    return made


@pytest.mark.parametrize("worker_first", [True, False])
def test_a_purchase_takes_no_points_that_a_waiting_sale_keeps_alive(
    shop: Shop, worker_first: bool
) -> None:
    shop.publish(with_idle_points())
    shop.close("first", customer="BOB", items=[item("BREAD", "200.00")])
    shop.work()
    shop.later(days=20)
    late = shop.body("second", customer="BOB", items=[item("BREAD", "20.00")])
    shop.later(days=40)
    shop.receive(late)
    if worker_first:
        shop.work()
    shop.buy("muffin-150", "BOB")
    shop.work()
    # 2,000 points of the first sale, 200 of the second, 150 spent; nothing was idle for a month.
    assert shop.points("BOB") == 2050


def test_settlement_gets_through_however_often_others_are_faster(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.receive(*(shop.body(f"S{number}") for number in range(40)))
    append = shop.ledger.states.append

    def crowded(commit: Commit, after: Any) -> Appended:
        if len({event.stream for event in commit.events}) > 12:
            shop.ledger.states.drop(commit.expected)
            raise Conflict("streams", frozenset(commit.expected))
        return append(commit, after)

    monkeypatch.setattr(shop.ledger.states, "append", crowded)
    shop.work()
    assert len(shop.events("TransactionSettled")) == 41


def test_a_lapse_recorded_while_the_sale_is_on_its_way_into_the_log_costs_no_discount(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = shop.give("april")
    shop.move_to(MAY - timedelta(minutes=10))
    bound = shop.lock(offer)
    # The lock outlasts the offer's end, and is alive when the body is read.
    body = shop.body("T1", bound, at=MAY + timedelta(minutes=5))
    shop.move_to(MAY + timedelta(minutes=19))
    other = shop.another()
    decided = shop.ledger.intake._decide
    told: list[bool] = []

    def slow(asked: Any, receipts: Any) -> None:
        if not told:
            told.append(True)
            other.ledger.worker.work(lambda: NOW + timedelta(days=400), once=True)
        decided(asked, receipts)

    monkeypatch.setattr(shop.ledger.intake, "_decide", slow)
    shop.receive(body)
    assert shop.facts(offer)[-3:] == ["OfferLockLapsed", "OfferExpired", "OfferRedeemed"]


def test_a_till_that_rested_while_much_was_written_reads_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = shop.give()
    other = shop.another()
    for number in range(4):
        other.close(f"S{number}")
    monkeypatch.setattr(states, "REST_S", 0.0)
    monkeypatch.setattr(states, "FAR_BEHIND", 3)
    shop.ledger.states.catch_up()
    assert not shop.ledger.states._known
    assert shop.lock(offer).event.offer_id == offer


def test_who_has_locked_an_offer_reads_nothing_to_unlock_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = shop.give("muffin")
    shop.lock(offer)
    read: list[str] = []
    load = shop.ledger.log.load

    def noted(streams: Collection[str], forms: Mapping[str, str]) -> Loaded:
        read.extend(streams)
        return load(streams, forms)

    monkeypatch.setattr(shop.ledger.log, "load", noted)
    shop.unlock(offer)
    assert read == []
    shop.lock(offer, "T2")
    assert read == ["sale/main/T2"]


def test_what_others_did_to_an_offer_is_seen_by_who_remembers_it(shop: Shop) -> None:
    offer, other = shop.give("muffin"), shop.another()
    shop.lock(offer, "T1")
    other.unlock(offer)
    other.lock(offer, "T2")
    with pytest.raises(Rejected) as refusal:
        shop.lock(offer, "T1")
    assert refusal.value.code is Reason.OFFER_LOCKED
    other.unlock(offer)
    shop.redeem(offer, "T1")
    with pytest.raises(Rejected) as refusal:
        other.unlock(offer)
    assert refusal.value.code is Reason.OFFER_NOT_LOCKED
