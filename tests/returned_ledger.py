"""The sample's year with returns in it, told to a ledger; and without what came back whole.

It is told in two parts, each settled in one go: until spring, when most has come back and most
points still live, and until all is in that came back after thirteen months.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

import databases
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sample.returns import Basket, brings_all_back, returned, with_returns
from sample_ledger import GROCER, MovingClock, all_lines, configure, ledger_on

SEED = 4
SPRING = datetime(2018, 3, 1, tzinfo=UTC)
ALL_IS_IN = datetime(2019, 3, 1, tzinfo=UTC)
AT_ONCE = 500
HARSH = Path(__file__).parent / "sample.program.yaml"
FEW = 15
"""Households of the shorter ledger, which has the harsher program."""


def made_at(line: bytes) -> datetime:
    """When a version was made, by the clocks of New York, near enough."""
    told = msgspec.json.decode(line)["request_payload"]["modified_time"]
    return _utc(datetime.fromisoformat(told))


def _utc(wall: datetime) -> datetime:
    return wall.replace(tzinfo=UTC) + timedelta(hours=5)


@cache
def baskets() -> tuple[Basket, ...]:
    """Every sale of the sample, with what becomes of it."""
    return tuple(returned(line, SEED) for line in all_lines())


@cache
def tellers(*, whole: bool) -> frozenset[str]:
    """The households told of: all, or those that bring everything back and some others."""
    names = sorted({one.household for one in baskets()})
    few = [name for name in names if brings_all_back(name, SEED)] + names[:: len(names) // FEW]
    return frozenset(names if whole else few)


def undone(basket: Basket) -> bool:
    """Whether all of it had come back by spring."""
    return basket.undone is not None and _utc(basket.undone) < SPRING


def sales(*, whole: bool, kept_only: bool) -> list[bytes]:
    """The sales of these households; or those of which something stays with the customer.

    The latter of a few households in any case: all would take too long, and under the grocer's
    program nobody's points depend on anybody else.
    """
    return [
        line
        for line, basket in zip(all_lines(), baskets(), strict=True)
        if basket.household in tellers(whole=whole and not kept_only)
        and not (kept_only and undone(basket))
    ]


def program_of(*, whole: bool) -> Path:
    return GROCER if whole else HARSH


def tell(url: str, program: Path, lines: Sequence[bytes]) -> None:
    """Load these sales with their returns, and work until all is in."""
    clock = MovingClock(datetime(2017, 1, 1, tzinfo=UTC))
    told = [*with_returns(lines, SEED)]
    with ledger_on(url, clock) as ledger:
        configure(ledger, program)
        for moment in (SPRING, ALL_IS_IN):
            clock.move_to(moment)
            part = [line for line in told if made_at(line) < moment]
            told = [line for line in told if made_at(line) >= moment]
            for start in range(0, len(part), AT_ONCE):
                receipts = ledger.intake.receive(part[start : start + AT_ONCE])
                assert {one.outcome for one in receipts} == {"accepted"}
            ledger.worker.work(lambda: clock.now, once=True)
        assert not told


@contextmanager
def returned_ledger(
    backend: str, folder: Path, *, whole: bool, kept_only: bool = False
) -> Iterator[Ledger]:
    """A copy of that ledger: told once a run for each database."""
    name = f"returned-{'year' if whole else 'few'}{'-kept' if kept_only else ''}"
    folder = folder / name
    folder.mkdir()

    def fill(url: str) -> None:
        tell(url, program_of(whole=whole), sales(whole=whole, kept_only=kept_only))

    with (
        databases.copy_of(backend, name, fill, folder) as url,
        ledger_on(url, MovingClock(ALL_IS_IN)) as ledger,
    ):
        yield ledger
