"""Events to bytes and back: closed names, one upcasting step after another."""

from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import JSONTranscoder, StoredEvent
from sqlalchemy import text

from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.store.library import LedgerEvent, LedgerMapper
from loyalty_ledger.store.log import Log
from loyalty_ledger.store.mapper import EventCodec, UnknownEvent, UnreadableEvent
from loyalty_ledger.upcasters import current_version, upcast
from store_examples import NOON, commit, enrolled


class MugSold(Event, kw_only=True, frozen=True):
    """A planted event: once it had `colour`, then `colours`, now also a `price` in minor units."""

    colours: list[str]
    price: int


def list_the_colour(data: dict[str, Any]) -> dict[str, Any]:
    colour = data.pop("colour")
    return data | {"colours": [colour], "price": "1.50"}


def count_in_minor_units(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"price": int(data["price"].replace(".", ""))}


STEPS = {("MugSold", 1): list_the_colour, ("MugSold", 2): count_in_minor_units}
PLANTED = EventCodec({"MugSold": MugSold}, STEPS)
RED_MUG = MugSold(at=NOON, colours=["red"], price=150)


def body(version: int, **data: Any) -> bytes:
    data = {"at": "2026-01-01T12:00:00Z"} | data
    return msgspec.json.encode({"v": version, "data": data, "meta": {"request": "r1"}})


@pytest.mark.parametrize(
    "stored",
    [
        body(1, colour="red"),
        body(2, colours=["red"], price="1.50"),
        body(3, colours=["red"], price=150),
    ],
)
def test_every_stored_version_comes_back_as_the_current_one(stored: bytes) -> None:
    assert PLANTED.decode("MugSold", stored) == (RED_MUG, {"request": "r1"})


def test_events_are_written_in_the_current_version() -> None:
    encoded = PLANTED.encode(RED_MUG, {"request": "r1"})
    assert (encoded.name, encoded.body) == ("MugSold", body(3, colours=["red"], price=150))


def test_an_old_body_that_fits_todays_fields_is_upcast_all_the_same() -> None:
    steps = {("MugSold", 1): lambda data: data | {"price": data["price"] * 100}}
    codec = EventCodec({"MugSold": MugSold}, steps)
    event, _ = codec.decode("MugSold", body(1, colours=["red"], price=2))
    assert event == MugSold(at=NOON, colours=["red"], price=200)


def test_a_version_from_the_future_is_unreadable() -> None:
    for version in (0, 4):
        with pytest.raises(UnreadableEvent, match=f"version {version}, known are 1 to 3"):
            PLANTED.decode("MugSold", body(version, colours=["red"], price=150))


@pytest.mark.parametrize("stored", [b"", b"[]", b"{}", b'{"v":3}', body(3, price="x")])
def test_a_body_that_is_no_such_event_is_unreadable(stored: bytes) -> None:
    with pytest.raises(UnreadableEvent, match="MugSold"):
        PLANTED.decode("MugSold", stored)


def test_a_missing_step_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="one is missing"):
        EventCodec({"MugSold": MugSold}, {("MugSold", 2): count_in_minor_units})


def test_an_event_without_steps_is_in_version_one() -> None:
    assert current_version("MugSold", {}) == 1
    assert upcast("MugSold", 3, {"price": 150}, STEPS) == {"price": 150}


def test_an_unknown_name_in_the_log_is_an_error_that_names_it(log: Log) -> None:
    log.append(commit("ann"))
    with log.transaction() as connection:
        connection.execute(text("UPDATE events SET name = 'os:system'"))
    with pytest.raises(UnknownEvent, match="os:system"):
        log.read(0, 1)
    with pytest.raises(UnknownEvent, match="os:system"):
        log.load(["customer/ann"])


def test_an_unknown_event_is_not_written() -> None:
    with pytest.raises(UnknownEvent, match="MugSold"):
        EventCodec().encode(RED_MUG, {})


def test_the_librarys_mapper_takes_only_events_of_the_ledger() -> None:
    mapper = LedgerMapper(JSONTranscoder())
    event = LedgerEvent("customer/ann", 3, enrolled("ann"), {"request": "r1"})
    stored = mapper.to_stored_event(event)
    assert (stored.topic, stored.originator_version) == ("CustomerEnrolled", 3)
    assert mapper.to_domain_event(stored) == event
    with pytest.raises(UnknownEvent, match="os:system"):
        mapper.to_domain_event(StoredEvent("x", 1, "os:system", stored.state))
    with pytest.raises(UnknownEvent, match="StoredEvent"):
        mapper.to_stored_event(stored)  # type: ignore[arg-type]


def test_the_librarys_mapper_refuses_to_hide_what_is_stored() -> None:
    with pytest.raises(ValueError, match="no compressor"):
        LedgerMapper(JSONTranscoder(), compressor=object())  # type: ignore[arg-type]
