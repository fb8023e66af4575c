"""`verify`: the chain of the log, what stands beside it, the laws of the books, every view."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from loyalty_ledger.code_checks import codes_fault
from loyalty_ledger.count_checks import counts_fault
from loyalty_ledger.cross_checks import (
    Unreadable,
    catalogs_fault,
    customers_fault,
    snapshots_fault,
)
from loyalty_ledger.ledger import Ledger
from loyalty_projections.laws import EVENTS, Laws
from loyalty_projections.projections import PROJECTIONS

CHECKS = (customers_fault, snapshots_fault, catalogs_fault, codes_fault, counts_fault)
EVENTS_AT_ONCE = 5_000
Progress = Callable[[int, int], None]


class Found(NamedTuple):
    """What was checked, and every kind of problem with the first event it shows at."""

    events: int
    movements: int
    projections: int
    problems: list[str]


def verify(ledger: Ledger, progress: Progress) -> Found:
    """Check everything that can be checked from the log alone."""
    broken = ledger.log.verify_chain(progress)
    if broken is not None:
        where = f"chain: position {broken.position:,}"
        return Found(broken.position, 0, 0, [f"{where}: {broken.why}"])
    end = ledger.log.head().position
    try:
        problems = [
            problem for check in CHECKS if (problem := check(ledger.log, progress)) is not None
        ]
    except Unreadable as error:  # nothing that follows from the log can be worked out
        return Found(end, 0, 0, [str(error)])
    movements, offence = _laws(ledger, progress)
    if offence is not None:
        problems.append(f"books: {offence}")
    views = [_view_fault(ledger, projection.name, progress) for projection in PROJECTIONS]
    problems += [view for view in views if view is not None]
    return Found(ledger.log.head().position, movements, len(PROJECTIONS), problems)


def _view_fault(ledger: Ledger, name: str, progress: Progress) -> str | None:
    try:
        built = ledger.projector.verify(name, progress=progress)
    except (SQLAlchemyError, OSError):
        raise
    except Exception as error:
        notes = "; ".join(getattr(error, "__notes__", ()))
        why = f"{type(error).__name__}: {error}"
        return f"projection {name}: it cannot be built from the log: {why} {notes}".rstrip()
    if built.same:
        return None
    return (
        f"projection {name}: its rows are not those of the log at position"
        f" {built.position:,}; `loyalty projections rebuild {name}` mends it"
    )


def _laws(ledger: Ledger, progress: Progress) -> tuple[int, str | None]:
    """How many movements were checked, and the first that breaks a law."""
    laws, position, count = Laws(), 0, 0
    goal = ledger.log.head().position
    while found := ledger.log.read(position, EVENTS_AT_ONCE, names=EVENTS):
        for recorded in found:
            offence = laws.take(recorded)
            if offence is not None:
                where = f"position {offence.position:,} ({offence.stream}@{offence.version})"
                return count, f"{where}: {offence.law}: {offence.detail}"
            count += 1
        position = found[-1].position
        progress(position, goal)
    return count, None
