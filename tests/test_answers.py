"""As of a moment, and as known at another: the same as replaying everything by hand."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loyalty_ledger import verification
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.points import (
    PointsAwarded,
    PointsClawedBack,
    PointsExpired,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.events.tiers import TierEntered, TierLeft
from loyalty_ledger.domain.program.accounts import InactivityExpiry
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import from_wall, to_wall
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Recorded
from loyalty_projections import point_history, profile, tier_progress
from loyalty_projections.profile import Profile
from loyalty_projections.projection import fold
from loyalty_projections.rows import MemoryRows
from sample_ledger import (
    GROCER,
    PROGRAM,
    YEAR_ENDS,
    MovingClock,
    all_lines,
    arrivals,
    both_databases,
    configured,
    digests,
    ledger_on,
    read_program,
    told,
)

MOMENTS = 200
ALL = (profile.PROJECTION, tier_progress.PROJECTION, point_history.PROJECTION)


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with told(request.param, tmp_path) as url, ledger_on(url) as ledger:
        yield ledger


def everything(ledger: Ledger) -> list[Recorded]:
    found: list[Recorded] = []
    while batch := ledger.log.read(found[-1].position if found else 0, 5_000):
        found += batch
    return found


def customers(events: Sequence[Recorded]) -> list[str]:
    return sorted({one.stream[7:] for one in events if one.stream.startswith("wallet/")})


def moments(events: Sequence[Recorded]) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Random moments, many of them the very instants that something happened at."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ids = customers(events)

    def some(*instants: datetime) -> datetime:
        exact = chance.choice(instants)
        jitter = chance.choice([timedelta(), timedelta(microseconds=-1), timedelta(days=9)])
        return exact + jitter * chance.random()

    for _ in range(MOMENTS):
        one = chance.choice(events)
        as_of = some(one.event.at, one.recorded_at)
        known_at = some(one.recorded_at, chance.choice(events).recorded_at)
        pair = chance.choice([(as_of, known_at)] * 3 + [(as_of, None), (None, known_at)])
        yield chance.choice(ids), *pair


def test_as_of_and_known_at_equal_a_replay_of_everything_at_200_random_moments(
    sample: Ledger,
) -> None:
    events = everything(sample)
    program = read_program(PROGRAM)
    seen = set()
    for customer, as_of, known_at in moments(events):
        moment = Moment(YEAR_ENDS, as_of, known_at)
        rows = replayed(events, as_of, known_at)
        shown = sample.answers.profile(customer, moment)
        assert shown.accounts == by_rows(rows, customer, moment.at, program).accounts
        assert shown.tiers == by_rows(rows, customer, moment.at, program).tiers
        assert shown.offers == by_rows(rows, customer, moment.at, program).offers
        assert sample.answers.history(customer, moment) == history_by(rows, customer, moment.at)
        assert sample.answers.tiers(customer, moment) == tiers_by(rows, customer, moment.at)
        balances = {one.account: (one.available, one.lifetime) for one in shown.accounts}
        assert balances == worked_out(events, customer, as_of, known_at), (customer, moment)
        seen.add(tuple(sorted(balances.items())))
    assert len(seen) > MOMENTS / 5


def replayed(
    events: Sequence[Recorded], as_of: datetime | None, known_at: datetime | None
) -> MemoryRows:
    """A new run of the projections over every event of the ledger that counts."""
    counting = [
        one
        for one in events
        if (as_of is None or one.event.at <= as_of)
        and (known_at is None or one.recorded_at <= known_at)
    ]
    return fold(ALL, counting)


def by_rows(rows: MemoryRows, customer: str, at: datetime, program: Program) -> Profile:
    levels = tier_progress.overdue(rows, customer, at, program, 1)
    return profile.profile(rows, customer, at, program, {1: program}, due_levels=levels)


def history_by(rows: MemoryRows, customer: str, at: datetime) -> list[point_history.Movement]:
    overdue = profile.overdue(rows, customer, at, {1: read_program(PROGRAM)})
    return point_history.history(rows, customer, overdue=overdue)


def tiers_by(rows: MemoryRows, customer: str, at: datetime) -> object:
    program = read_program(PROGRAM)
    levels = tier_progress.overdue(rows, customer, at, program, 1)
    return tier_progress.progress(rows, customer, at, program, due_levels=levels)


# --- worked out by hand -------------------------------------------------------------------------


def worked_out(
    events: Sequence[Recorded], customer: str, as_of: datetime | None, known_at: datetime | None
) -> dict[str, tuple[int, int]]:
    """Available and lifetime by account, from the raw movements and the calendar alone."""
    now = as_of or YEAR_ENDS
    wallet = Naive()
    for one in events:
        had_happened = as_of is None or one.event.at <= as_of
        was_known = known_at is None or one.recorded_at <= known_at
        if one.stream == f"wallet/{customer}" and had_happened and was_known:
            wallet.take(one.event)
    wallet.elapse(now)
    return {
        account.id: (sum(wallet.left(account.id)), wallet.lifetime.get(account.id, 0))
        for account in read_program(PROGRAM).point_accounts
    }


class Naive:
    """Lots as (account, points left, end), and since when an account lies idle."""

    def __init__(self) -> None:
        self.lots: dict[int, list[Any]] = {}
        self.lifetime: dict[str, int] = {}
        self.idle: dict[str, datetime] = {}

    def take(self, event: object) -> None:
        match event:
            case PointsAwarded():
                self.lots[event.lot] = [event.account, event.points, event.expires_at]
                self.lifetime[event.account] = self.lifetime.get(event.account, 0) + event.points
                self.idle[event.account] = max(event.at, self.idle.get(event.account, event.at))
            case PointsExpired():
                for part in event.lots:
                    self.lots[part.lot][1] -= part.points
                if event.kind == "inactivity":
                    self.idle[event.account] = event.at
            case PointsRolledOver():
                for rolled in event.lots:
                    self.lots[rolled.lot][1] -= rolled.points
                    self.lots[rolled.new_lot] = [event.into, rolled.points, rolled.expires_at]
            case PointsSpent() | PointsClawedBack():
                raise AssertionError("nobody spends in the sample")

    def left(self, account: str) -> list[int]:
        return [lot[1] for lot in self.lots.values() if lot[0] == account]

    def elapse(self, now: datetime) -> None:
        """What is due and not recorded: pending points roll over and live two months more."""
        for lot in list(self.lots.values()):
            if lot[0] == "pending" and lot[2] <= now and lot[1]:
                ends = later(lot[2], months=2)
                self.lots[len(self.lots) + 10_000] = ["points", lot[1], ends]
        for lot in self.lots.values():
            if lot[2] is not None and lot[2] <= now:
                lot[1] = 0
        stars = sum(self.left("stars"))
        while stars * 40 // 100 and later(self.idle["stars"], days=6) <= now:
            self.idle["stars"] = later(self.idle["stars"], days=6)
            stars -= stars * 40 // 100
        for lot in self.lots.values():
            if lot[0] == "stars":
                lot[1], stars = stars, 0


def later(moment: object, *, months: int = 0, days: int = 0) -> datetime:
    assert isinstance(moment, datetime)
    wall = to_wall(moment, "America/New_York") + timedelta(days=days)
    month = wall.month - 1 + months
    year = wall.year + month // 12
    for day in range(wall.day, 27, -1):
        try:
            wall = wall.replace(year=year, month=month % 12 + 1, day=day)
            break
        except ValueError:
            continue
    else:
        wall = wall.replace(year=year, month=month % 12 + 1)
    return from_wall(wall, "America/New_York")


@both_databases
def test_as_of_a_past_now_is_what_the_live_views_showed_then(backend: str, tmp_path: Path) -> None:
    """What was told live at a moment is told again for that moment, as known at it."""
    with configured(backend, tmp_path) as url:
        clock = MovingClock(arrivals()[0][0] - timedelta(days=1))
        with ledger_on(url, clock) as ledger:
            shown = []
            for moment, group in arrivals()[:9]:
                clock.move_to(moment)
                ledger.intake.receive(group)
                ledger.worker.work(lambda: clock.now, once=True)
                shown.append(live(ledger, clock()))
            clock.move_to(YEAR_ENDS)
            ledger.worker.work(lambda: YEAR_ENDS, once=True)
            for then, answers in shown:
                for customer, answer in answers.items():
                    assert told_of(ledger, customer, Moment(YEAR_ENDS, then, then)) == answer


def live(ledger: Ledger, now: datetime) -> tuple[datetime, dict[str, object]]:
    ids = ledger.projector.ask(lambda reader: profile.customer_ids(reader, "", 100))
    return now, {customer: told_of(ledger, customer, Moment(now)) for customer in ids}


def told_of(ledger: Ledger, customer: str, moment: Moment) -> object:
    return (
        ledger.answers.profile(customer, moment),
        ledger.answers.history(customer, moment),
        ledger.answers.tiers(customer, moment),
    )


@both_databases
def test_rebuilt_views_have_the_digests_of_live_ones(backend: str, tmp_path: Path) -> None:
    with told(backend, tmp_path) as url, ledger_on(url) as ledger:
        assert_rebuilt(ledger, 5_000)


@both_databases
def test_so_they_have_however_small_the_batches(backend: str, tmp_path: Path) -> None:
    with configured(backend, tmp_path) as url, ledger_on(url, batch=50) as ledger:
        ledger.administration.publish(harsh())
        ledger.intake.receive(all_lines()[:60])
        ledger.worker.work(lambda: YEAR_ENDS, once=True)
        assert ledger.log.count(0, ["PointsRolledOver"]) > 5
        for batch in (1, 7):
            assert_rebuilt(ledger, batch)


def assert_rebuilt(ledger: Ledger, batch: int) -> None:
    live_built = digests(ledger)
    for name, digest in live_built.items():
        rebuilt = ledger.projector.rebuild(name, batch=batch)
        assert rebuilt.same, name
        assert rebuilt.built.value == digest
    assert digests(ledger) == live_built


def harsh() -> Program:
    """The program of these tests as a new version of the grocer's."""
    document = read_program(PROGRAM).to_document()
    return Program.from_document(document | {"program": read_program(GROCER).program})


def test_both_databases_hold_the_same(tmp_path: Path) -> None:
    found = []
    for backend in ("sqlite", "postgresql"):
        (tmp_path / backend).mkdir()
        with told(backend, tmp_path / backend) as url, ledger_on(url) as ledger:
            encode = msgspec.json.encode
            found.append((digests(ledger), [encode(one.event) for one in everything(ledger)]))
    assert found[0] == found[1]


def test_the_sample_keeps_every_law_and_has_what_these_tests_need(sample: Ledger) -> None:
    assert verification.verify(sample, lambda _done, _goal: None).problems == []
    happened = {type(one.event) for one in everything(sample)}
    assert {PointsExpired, PointsRolledOver, TierEntered, TierLeft} <= happened
    accounts = read_program(PROGRAM).point_accounts
    assert any(isinstance(one.expiry, InactivityExpiry) for one in accounts)
    late = [one for one in everything(sample) if one.recorded_at - one.event.at > timedelta(30)]
    assert len(late) > 20
