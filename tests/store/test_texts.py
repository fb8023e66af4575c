"""Text that not every database can hold is refused at the edge of the store, alike on all."""

from collections.abc import Callable

import msgspec
import pytest

from loyalty_ledger.domain.events.program import ProgramPublished
from loyalty_ledger.store.log import (
    Advance,
    Answer,
    CatalogItem,
    Commit,
    Log,
    NewEvent,
    PersonalValue,
    Snapshot,
)
from store_examples import NOON, enrolled, new

HOSTILE = ["a\x00b", "a\ud800b", "x" * 1_001, "é" * 501]
ODD = [" ", "é" * 500, "\U0001f600", "'; --", "%s", "a\nb", "\x7f", "\u2028", "a/b@1"]


def write_everywhere(text: str) -> list[Commit]:
    event = enrolled("x")
    answer = Answer("c", "s", "r", "f", b"")
    item = CatalogItem(text, "n", None, ())
    return [
        Commit([NewEvent(text, event)], {text: 0}, 0),
        Commit([NewEvent("s", event, (text,))], {"s": 0}, 0),
        Commit([], {}, 0, answers=[answer._replace(request_id=text)]),
        Commit([], {}, 0, personal=[PersonalValue(text, "f", "", "v")]),
        Commit([], {}, 0, personal=[PersonalValue("c", "f", text, "v")]),
        Commit([], {}, 0, snapshots=[Snapshot(text, 1, "1", b"")]),
        Commit([], {}, 0, Advance(text, 0, 1)),
        Commit([], {}, 0, catalog=("d", [item])),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_cannot_be_stored_everywhere_is_refused_and_not_echoed(log: Log, text: str) -> None:
    for hostile in write_everywhere(text):
        with pytest.raises(ValueError, match=r"cannot be stored|longer than") as raised:
            log.append(hostile)
        assert text not in str(raised.value)
    assert log.head().position == 0


@pytest.mark.parametrize("text", HOSTILE[:2])
def test_looking_for_what_cannot_be_stored_is_refused(log: Log, text: str) -> None:
    look: list[Callable[[], object]] = [
        lambda: log.load([text]),
        lambda: list(log.stream(text)),
        lambda: list(log.history(text)),
        lambda: log.find_answers([("c", "s", text)]),
        lambda: log.personal(text),
        lambda: log.personal_values("f", [text]),
        lambda: log.catalog_items("d", [text]),
    ]
    for each in look:
        with pytest.raises(ValueError, match="cannot be stored"):
            each()


@pytest.mark.parametrize("text", ODD)
def test_odd_text_is_stored_and_found(log: Log, text: str) -> None:
    log.append(Commit([NewEvent(text, enrolled(text), (text,))], {text: 0}, 0))
    value, answer = PersonalValue(text, text, text, text), Answer(text, text, text, text, b"")
    snapshots = [Snapshot(text, 1, text, b"s")]
    log.append(Commit([], {}, 1, None, [answer], [value], snapshots))
    assert [one.stream for one in log.history(text)] == [text]
    kind = text.partition("/")[0]
    assert log.load([text], {kind: text}).streams[text].snapshot == snapshots[0]
    assert log.personal_values(text, [text]) == log.personal(text) == [value]
    assert log.find_answers([(text, text, text)])
    assert log.verify_chain() is None


def test_nul_inside_an_events_data_is_kept(log: Log) -> None:
    log.append(Commit([NewEvent("s", enrolled("a\x00b"))], {"s": 0}, 0))
    assert log.read(0, 1)[0].event == enrolled("a\x00b")


def test_numbers_beyond_64_bits_inside_an_events_data_are_kept(log: Log) -> None:
    document = {"n": 2**70, "m": -(2**63) - 1}
    large = ProgramPublished(at=NOON, program="p", version=2**64, document=document)
    log.append(Commit([NewEvent("program", large)], {"program": 0}, 0))
    assert log.read(0, 1)[0].event == large


def test_a_lone_surrogate_inside_an_event_is_refused(log: Log) -> None:
    broken = new("ann")._replace(event=enrolled("a\ud800"))
    with pytest.raises(ValueError, match="CustomerEnrolled"):
        log.append(Commit([broken], {broken.stream: 0}, 0))
    broken = new("ann")._replace(meta={"k": "\ud800"})
    with pytest.raises(ValueError, match="CustomerEnrolled"):
        log.append(Commit([broken], {broken.stream: 0}, 0))


def test_an_instant_without_a_zone_is_refused(log: Log) -> None:
    naive = msgspec.structs.replace(enrolled("a"), at=NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="time zone"):
        log.append(Commit([NewEvent("s", naive)], {"s": 0}, 0))


def test_empty_ids_are_refused(log: Log) -> None:
    with pytest.raises(ValueError, match="empty"):
        log.append(Commit([NewEvent("", enrolled("a"))], {"": 0}, 0))
