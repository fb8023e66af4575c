"""Exports name customers by their external ids, and know who was there when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from loyalty_ledger import exporting
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.answers import Moment
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import MovingClock, configured, ledger_on

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


def record(*references: Reference) -> CustomerRecord:
    return CustomerRecord(references=references, opted_in=None, tags=None, personal=())


def named(ledger: Ledger, moment: Moment) -> set[str]:
    return {row["external_id"] for row in exporting.balances(ledger, moment)}
