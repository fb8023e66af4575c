"""As of a moment, and as known at another: the same as replaying everything by hand."""

import copy
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

import databases
from loyalty_ledger import verification
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.limits import GrantUncounted
from loyalty_ledger.domain.events.offers import (
    OfferExpired,
    OfferIssued,
    OfferLocked,
    OfferLockLapsed,
    OfferRecalled,
    OfferRecallWithdrawn,
    OfferRedeemed,
    OfferReinstated,
    OfferRevoked,
    OfferUnlocked,
)
from loyalty_ledger.domain.events.points import (
    PointsClawedBack,
    PointsExpired,
    PointsRestored,
    PointsRolledOver,
    PointsSpent,
)
from loyalty_ledger.domain.events.program import ProgramPublished
from loyalty_ledger.domain.events.settlement import PurchaseRecounted
from loyalty_ledger.domain.events.tiers import TierEntered, TierKept, TierLeft, TierSinceMoved
from loyalty_ledger.domain.lots import Programs
from loyalty_ledger.domain.program.accounts import InactivityExpiry
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Recorded
from loyalty_projections import point_history, profile, tier_progress, timeline
from loyalty_projections.profile import Profile
from loyalty_projections.projection import fold
from loyalty_projections.rows import MemoryRows
from offers.bringing_back import BringingBack
from offers.naive_wallet import LIVES, Naive
from offers.shopping import Shopping
from sample_ledger import (
    GROCER,
    PROGRAM,
    YEAR_ENDS,
    MovingClock,
    all_lines,
    arrivals,
    both_databases,
    configure,
    configured,
    digests,
    ledger_on,
    read_program,
    told,
)

MOMENTS = 200
ITS_KEY = "a secret key of the tests, 32 characters or more"
"""Who does what by chance follows from the ids, and they from the key: so that all happens."""
ALL = (
    profile.PROJECTION,
    tier_progress.PROJECTION,
    point_history.PROJECTION,
    timeline.PROJECTION,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """The sample, in whose middle another program is published."""
    with (
        databases.copy_of(request.param, "two-programs", fill_with_two_programs, tmp_path) as url,
        ledger_on(url, secret=ITS_KEY) as ledger,
    ):
        yield ledger


def fill_with_two_programs(url: str) -> None:
    """The sample; meanwhile customers use offers, pay with points and bring things back."""
    clock = MovingClock(datetime(2017, 1, 1, tzinfo=UTC))
    with ledger_on(url, clock, secret=ITS_KEY) as ledger:
        configure(ledger)
        ledger.administration.publish(first_program())
        shopping, returning = Shopping(ledger), BringingBack(ledger)
        for number, (moment, group) in enumerate(arrivals()):
            clock.move_to(moment)
            if number == len(arrivals()) // 2:
                ledger.administration.publish(second_program())
            ledger.intake.receive(group)
            ledger.worker.work(lambda: clock.now, once=True)
            shopping.go(number)
            returning.go(group)
        clock.move_to(YEAR_ENDS)
        ledger.worker.work(lambda: YEAR_ENDS, once=True)


@cache
def first_program() -> Program:
    """Vouchers are sold in a reward store, and stay locked for days."""
    document = copy.deepcopy(read_program(PROGRAM).to_document())
    document["offers"][0]["lock_timeout"] = "P9D"
    sold = {"id": "voucher-20", "offer": "voucher", "price": 20, "per_customer": 40}
    shelf = {"id": "shelf", "name": "Shelf", "point_accounts": ["points"], "offers": [sold]}
    return Program.from_document(document | {"reward_stores": [shelf]})


@cache
def second_program() -> Program:
    """Points live longer, there is one more account, and the levels ask for something else."""
    document = copy.deepcopy(first_program().to_document())
    points = next(one for one in document["point_accounts"] if one["id"] == "points")
    points["expiry"] = {"kind": "rolling", "after": f"P{LIVES[3]}M"}
    document["point_accounts"].append({"id": "gifts", "name": "Gifts"})
    _, plus, best = document["tier_systems"][0]["levels"]
    plus["maintenance"] = {
        "every": "P10D",
        "requires": {"points_earned": {"account": "credits", "amount": 90, "within": "P10D"}},
    }
    best["entrance"] = {"spend": {"amount": "400.00", "within": "P2M"}}
    return Program.from_document(document)


def programs_known(events: Sequence[Recorded], known_at: datetime | None) -> Programs:
    """The versions that had been recorded by then."""
    published = [one.recorded_at for one in events if isinstance(one.event, ProgramPublished)]
    versions = {1: read_program(PROGRAM), 2: first_program(), 3: second_program()}
    known = len(published) if known_at is None else bisect_right(published, known_at)
    return {version: versions[version] for version in range(1, known + 1)}


def everything(ledger: Ledger) -> list[Recorded]:
    found: list[Recorded] = []
    while batch := ledger.log.read(found[-1].position if found else 0, 5_000):
        found += batch
    return found


def customers(events: Sequence[Recorded]) -> list[str]:
    return sorted({one.stream[7:] for one in events if one.stream.startswith("wallet/")})


def moments(
    events: Sequence[Recorded], count: int
) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """Random moments, many of them the very instants that something happened at."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    ids = customers(events)

    def some(*instants: datetime) -> datetime:
        exact = chance.choice(instants)
        jitter = chance.choice([timedelta(), timedelta(microseconds=-1), timedelta(days=9)])
        return exact + jitter * chance.random()

    for _ in range(count):
        one = chance.choice(events)
        as_of = some(one.event.at, one.recorded_at)
        known_at = some(one.recorded_at, chance.choice(events).recorded_at)
        pair = chance.choice([(as_of, known_at)] * 3 + [(as_of, None), (None, known_at)])
        yield chance.choice(ids), *pair


def test_as_of_and_known_at_equal_a_replay_of_everything_at_200_random_moments(
    sample: Ledger,
) -> None:
    events = everything(sample)
    count = MOMENTS if sample.log.engine.name == "sqlite" else MOMENTS // 4
    seen = set()
    for customer, as_of, known_at in moments(events, count):
        moment = Moment(YEAR_ENDS, as_of, known_at)
        programs = programs_known(events, known_at)
        if not programs:
            continue
        if known_at is not None and known_at < known_since(sample, customer):
            assert_nobody_knew(sample, customer, moment)
            continue
        rows = replayed(events, as_of, known_at)
        shown = sample.answers.profile(customer, moment)
        by_hand = by_rows(rows, customer, moment.at, programs)
        assert shown.accounts == by_hand.accounts
        assert shown.tiers == by_hand.tiers
        assert shown.offers == by_hand.offers
        whose = customer, moment.at, programs
        assert sample.answers.history(customer, moment) == history_by(rows, *whose)
        assert sample.answers.tiers(customer, moment) == tiers_by(rows, *whose)
        assert sample.answers.timeline(customer, moment) == timeline_by(rows, *whose)
        balances = {one.account: (one.available, one.lifetime) for one in shown.accounts}
        assert balances == worked_out(events, customer, as_of, known_at), (customer, moment)
        seen.add(tuple(sorted(balances.items())))
    assert len(seen) > count / 5


def known_since(sample: Ledger, customer: str) -> datetime:
    """When something was recorded about the customer first."""
    return next(sample.log.history(customer)).recorded_at


def assert_nobody_knew(sample: Ledger, customer: str, moment: Moment) -> None:
    told = sample.answers
    for ask in (told.profile, told.history, told.tiers, told.timeline):
        with pytest.raises(Rejected, match="was not known yet") as refusal:
            ask(customer, moment)
        assert refusal.value.code is Reason.UNKNOWN_CUSTOMER


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


def by_rows(rows: MemoryRows, customer: str, at: datetime, programs: Programs) -> Profile:
    levels = tier_progress.overdue(rows, customer, at, programs)
    program = programs[len(programs)]
    return profile.profile(rows, customer, at, program, programs, due_levels=levels)


def history_by(
    rows: MemoryRows, customer: str, at: datetime, programs: Programs
) -> list[point_history.Movement]:
    overdue = profile.overdue(rows, customer, at, programs)
    return point_history.history(rows, customer, overdue=overdue)


def tiers_by(rows: MemoryRows, customer: str, at: datetime, programs: Programs) -> object:
    levels = tier_progress.overdue(rows, customer, at, programs)
    return tier_progress.progress(rows, customer, at, programs[len(programs)], due_levels=levels)


def timeline_by(
    rows: MemoryRows, customer: str, at: datetime, programs: Programs
) -> list[timeline.Happening]:
    levels = tier_progress.overdue(rows, customer, at, programs)
    return timeline.timeline(rows, customer, at, due_levels=levels)


def test_a_program_that_was_recorded_later_is_not_known(sample: Ledger) -> None:
    events = everything(sample)
    first, _, second = (one for one in events if isinstance(one.event, ProgramPublished))
    customer, a_moment = customers(events)[0], timedelta(microseconds=1)

    def accounts(moment: Moment) -> list[str]:
        return [one.account for one in sample.answers.profile(customer, moment).accounts]

    known, unknown = second.recorded_at, second.recorded_at - a_moment
    assert "gifts" in accounts(Moment(YEAR_ENDS, None, known))
    assert "gifts" not in accounts(Moment(YEAR_ENDS, None, unknown))
    assert "gifts" in accounts(Moment(YEAR_ENDS, unknown))
    too_early = Moment(YEAR_ENDS, None, first.recorded_at - a_moment)
    for ask in (sample.answers.profile, sample.answers.history, sample.answers.tiers):
        with pytest.raises(Rejected, match="no program was published yet") as refusal:
            ask(customer, too_early)
        assert refusal.value.code is Reason.NO_PROGRAM


def test_levels_held_under_either_program_fell_due_while_the_second_was_in_force(
    sample: Ledger,
) -> None:
    events = everything(sample)
    second = [one for one in events if isinstance(one.event, ProgramPublished)][-1]
    judged_by = {
        one.event.program_version
        for one in events
        if isinstance(one.event, TierKept | TierLeft) and one.position > second.position
    }
    assert judged_by == {2, 3}


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
    programs = programs_known(events, known_at)
    return {
        account.id: (wallet.available(account.id), wallet.lifetime.get(account.id, 0))
        for account in programs[len(programs)].point_accounts
    }


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
        ledger.answers.timeline(customer, moment),
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
    assert {PointsExpired, PointsRolledOver, TierEntered, TierLeft, PointsSpent} <= happened
    assert {OfferIssued, OfferLocked, OfferRedeemed, OfferUnlocked, OfferReinstated} <= happened
    assert {OfferLockLapsed, OfferExpired, OfferRevoked} <= happened
    assert {PointsClawedBack, PointsRestored, PurchaseRecounted, GrantUncounted} <= happened
    assert {TierSinceMoved, OfferRecalled, OfferRecallWithdrawn} <= happened
    clawed = [one.event for one in everything(sample) if isinstance(one.event, PointsClawedBack)]
    assert any(one.already_gone for one in clawed) and any(one.awarded_in for one in clawed)
    accounts = read_program(PROGRAM).point_accounts
    assert any(isinstance(one.expiry, InactivityExpiry) for one in accounts)
    late = [one for one in everything(sample) if one.recorded_at - one.event.at > timedelta(30)]
    assert len(late) > 20
