"""Exports name customers by their external ids, and know who was there when."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyarrow import parquet

from loyalty_ledger import exporting
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import YEAR_ENDS, MovingClock, both_databases, configured, ledger_on, told

START = datetime(2018, 1, 2, tzinfo=UTC)


def test_typed_ids_are_named_and_later_customers_left_out(tmp_path: Path) -> None:
    clock = MovingClock(START)
    with configured("sqlite", tmp_path) as url, ledger_on(url, clock) as ledger:
        typed, both = Reference("external", "b", "typed"), Reference("external", "", "plain")
        ledger.administration.enrol([record(typed)])
        clock.move_to(START + timedelta(days=2))
        ledger.administration.enrol([record(Reference("external", "a", "other"), both)])
        ledger.projector.catch_up()
        now, then = Moment(clock.now), Moment(clock.now, START + timedelta(days=1))
        assert named(ledger, now) == {"typed", "plain"}
        assert named(ledger, then) == {"typed"}


@both_databases
def test_who_was_recorded_later_is_left_out_of_what_was_known(backend: str, tmp_path: Path) -> None:
    clock = MovingClock(START)
    with configured(backend, tmp_path) as url, ledger_on(url, clock) as ledger:
        ledger.administration.enrol([record(Reference("external", "", "first"))])
        known = clock.now
        clock.move_to(START + timedelta(days=2))
        ledger.administration.enrol([record(Reference("external", "", "second"))])
        ledger.projector.catch_up()
        assert named(ledger, Moment(clock.now, known_at=known)) == {"first"}
        assert named(ledger, Moment(clock.now, known_at=clock.now)) == {"first", "second"}


def record(*references: Reference) -> CustomerRecord:
    return CustomerRecord(references=references, opted_in=None, tags=None, personal=())


def named(ledger: Ledger, moment: Moment) -> set[str]:
    return {row["external_id"] for row in exporting.balances(ledger, moment)}


def test_parquet_holds_the_rows_of_the_other_formats_with_types(tmp_path: Path) -> None:
    with told("sqlite", tmp_path) as url, ledger_on(url) as ledger:
        moment = Moment(YEAR_ENDS)
        for what in exporting.EXPORTS:
            file, lines = tmp_path / f"{what}.parquet", tmp_path / f"{what}.jsonl"
            count = exporting.export(ledger, what, file, moment, lambda _done, _goal: None)
            assert count == exporting.export(ledger, what, lines, moment, lambda _d, _g: None)
            rows = parquet.read_table(file).to_pylist()
            expected = [_typed(json.loads(line)) for line in lines.read_text().splitlines()]
            assert rows == expected
            assert len(rows) == count > 0


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """A line of JSON with its times read, and its event as the text that Parquet holds."""
    for name in ("at", "recorded_at", "since"):
        if row.get(name):
            row[name] = datetime.fromisoformat(row[name])
    if "event" in row:
        row["event"] = msgspec.json.encode(row["event"]).decode()
    return row


def test_without_pyarrow_parquet_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with configured("sqlite", tmp_path) as url, ledger_on(url) as ledger:
        with pytest.raises(Rejected) as refusal:
            exporting.export(
                ledger, "tiers", tmp_path / "t.parquet", Moment(START), lambda _d, _g: None
            )
        assert "loyalty-ledger[parquet]" in refusal.value.message
        assert not (tmp_path / "t.parquet").exists()
