"""Projectors over a test's log, a long story, and whether the rows are right."""

from loyalty_ledger.ledger import source_of
from loyalty_ledger.store.log import Log
from loyalty_projections import digest
from loyalty_projections.projection import Projection
from loyalty_projections.projections import PROJECTIONS
from loyalty_projections.projector import Projector
from loyalty_projections.rows import MemoryRows
from projections.steps import Step

MANY: list[Step] = [
    (what, customer, account, 7 + place, 1.0)
    for place in range(6)
    for what in (
        *("award", "buy", "spend", "restore", "make up", "claw back", "claw back own"),
        *("issue", "lock", "recall", "deserve", "enter", "claim"),
    )
    for customer in ("ann", "bob")
    for account in ("points", "stars")
]


def projector(
    log: Log, batch: int = 7, projections: tuple[Projection, ...] = PROJECTIONS
) -> Projector:
    return Projector(source_of(log), projections, batch=batch)


def assert_right(log: Log, expected: MemoryRows) -> None:
    reading = projector(log)
    for projection in PROJECTIONS:
        live = reading.digest(projection.name)
        assert live == digest.of_memory(expected, projection.tables), projection.name
