"""A log that is not what was written is found out, at its first broken position."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loyalty_ledger.store import chain
from loyalty_ledger.store.chain import EMPTY_DIGEST, digest
from loyalty_ledger.store.log import Commit, Log
from store_examples import commit, new


@pytest.fixture
def full(log: Log) -> Log:
    """A log of eight events in four streams, two of each."""
    for turn in range(2):
        for place, customer in enumerate("abcd"):
            log.append(commit(customer, read_at=turn * 4 + place, version=turn))
    return log


def tamper(log: Log, statement: str) -> None:
    with log.transaction() as connection:
        connection.execute(text(statement))


def test_a_log_as_written_is_whole(full: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_EVENTS_AT_ONCE", 3)
    told: list[tuple[int, int]] = []
    assert full.verify_chain(lambda *progress: told.append(progress)) is None
    assert told == [(3, 8), (6, 8), (8, 8)]


def test_an_empty_log_is_whole(log: Log) -> None:
    assert log.verify_chain() is None


@pytest.mark.parametrize(
    ("statement", "position", "why"),
    [
        ("UPDATE events SET body = digest WHERE position = 3", 3, "digest"),
        ("UPDATE events SET name = 'CustomerChanged' WHERE position = 3", 3, "digest"),
        ("UPDATE events SET stream = 'customer/x' WHERE position = 7", 7, "follows no version"),
        ("UPDATE events SET stream = 'customer/x' WHERE position = 3", 3, "digest"),
        ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 3", 3, "digest"),
        ("UPDATE events SET recorded_at = 0 WHERE position = 3", 3, "recorded before"),
        ("UPDATE events SET digest = body WHERE position = 3", 3, "digest"),
        ("UPDATE events SET version = 3 WHERE position = 7", 7, "follows no version"),
        ("UPDATE events SET version = 0 WHERE position = 1", 1, "follows no version"),
        ("DELETE FROM events WHERE position = 3", 3, "missing"),
        ("DELETE FROM events WHERE position = 1", 1, "missing"),
        ("DELETE FROM events WHERE position = 8", 8, "missing"),
        ("DELETE FROM events", 1, "missing"),
        ("UPDATE head SET position = 7", 8, "beyond the head"),
        ("UPDATE head SET position = 9", 9, "missing"),
        ("UPDATE head SET recorded_at = recorded_at + 1", 8, "head does not agree"),
        ("UPDATE head SET digest = (SELECT digest FROM events WHERE position = 7)", 8, "agree"),
    ],
)
def test_the_first_broken_position_is_named(
    full: Log, statement: str, position: int, why: str
) -> None:
    tamper(full, statement)
    broken = full.verify_chain()
    assert broken is not None
    assert broken.position == position
    assert why in broken.why


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("body", "replace(body, 'a', 'b')", "body is not stored as bytes"),
        ("body", "7", "body is not stored as bytes"),
        ("body", "CAST(x'ff00' AS TEXT)", "no text"),
        ("digest", "hex(digest)", "digest is not stored as bytes"),
        ("name", "CAST(name AS BLOB)", "name is not stored as text"),
        ("stream", "CAST(stream AS BLOB)", "stream is not stored as text"),
        ("stream", "CAST(x'ff' AS TEXT)", "no text"),
        ("version", "'one'", "version is not stored as a whole number"),
        ("recorded_at", "recorded_at + 0.5", "recorded_at is not stored as a whole number"),
    ],
)
def test_a_value_of_another_type_is_named_where_it_stands(
    full: Log, column: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_EVENTS_AT_ONCE", 5)
    change = f"UPDATE events SET {column} = {value} WHERE position = 4"
    if full.engine.name != "sqlite":  # it holds every column to its type
        with suppress(DBAPIError):
            tamper(full, change)
        found = full.verify_chain()
        assert found is None or found.position == 4
        return
    tamper(full, change)
    broken = full.verify_chain()
    assert broken is not None
    assert (broken.position, why in broken.why) == (4, True), broken


@pytest.mark.parametrize("statement", ["DELETE FROM head", "UPDATE head SET position = 'x'"])
def test_a_head_that_is_none_is_named(full: Log, statement: str) -> None:
    if full.engine.name != "sqlite" and "'x'" in statement:  # it holds every column to its type
        with pytest.raises(DBAPIError):
            tamper(full, statement)
        return
    tamper(full, statement)
    broken = full.verify_chain()
    assert broken is not None and "the head" in broken.why


def test_two_versions_in_the_wrong_order_are_found(full: Log) -> None:
    tamper(full, "UPDATE events SET version = 9 WHERE position = 1")
    tamper(full, "UPDATE events SET version = 1 WHERE position = 5")
    tamper(full, "UPDATE events SET version = 2 WHERE position = 1")
    broken = full.verify_chain()
    assert broken is not None
    assert (broken.position, "stands before" in broken.why) == (1, True)


def test_no_two_events_share_a_frame() -> None:
    frames = [
        (1, "ab", 1, "c", 1, b"d"),
        (1, "a", 1, "bc", 1, b"d"),
        (1, "ab", 1, "", 1, b"cd"),
        (11, "ab", 1, "c", 1, b"d"),
        (1, "ab", 11, "c", 1, b"d"),
        (1, "ab", 1, "c", 11, b"d"),
    ]
    assert len({digest(EMPTY_DIGEST, *frame) for frame in frames}) == len(frames)
    assert digest(EMPTY_DIGEST, *frames[0]) != digest(b"\x01" * 32, *frames[0])


def test_a_log_that_grows_while_it_is_verified_is_whole(full: Log) -> None:
    def grow(position: int, _last: int) -> None:
        if position == 8:
            full.append(Commit([new("e")], {"customer/e": 0}, 8))

    assert full.verify_chain(grow) is None
