"""`verify`: the chain of the log, the laws of the books at every position, every view."""

from collections.abc import Callable
from typing import NamedTuple

from loyalty_ledger.ledger import Ledger
from loyalty_projections.laws import EVENTS, Laws
from loyalty_projections.projections import PROJECTIONS

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
    problems = []
    broken = ledger.log.verify_chain(progress)
    if broken is not None:
        problems.append(f"chain: position {broken.position:,}: {broken.why}")
        return Found(broken.position, 0, 0, problems)
    movements, offence = _laws(ledger, progress)
    if offence is not None:
        problems.append(f"books: {offence}")
    for projection in PROJECTIONS:
        built = ledger.projector.verify(projection.name, progress=progress)
        if not built.same:
            problems.append(
                f"projection {projection.name}: its rows are not those of the log at position"
                f" {built.position:,}; `loyalty projections rebuild {projection.name}` mends it"
            )
    return Found(ledger.log.head().position, movements, len(PROJECTIONS), problems)


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
