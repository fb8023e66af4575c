"""The sample's year with returns: the books hold, and what came back whole leaves no trace.

The whole sample is told under the grocer's program; some households are told under a harsher one,
with offers, limits, levels that end and points that expire within weeks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from loyalty_ledger import verification
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.settlement import TransactionSettled
from loyalty_ledger.domain.limits import Granted, Usage
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import limit, usage_of
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.sample.returns import KINDS, brings_all_back, with_returns
from loyalty_ledger.store.log import Recorded
from loyalty_projections.laws import first_offence
from returned_ledger import (
    ALL_IS_IN,
    HARSH,
    SEED,
    SPRING,
    baskets,
    returned_ledger,
    tellers,
)
from sample_ledger import (
    GROCER,
    YEAR_ENDS,
    all_lines,
    both_databases,
    configured,
    digests,
    ledger_on,
    read_program,
)

each_program = pytest.mark.parametrize("whole", [True, False], ids=["grocer", "harsh"])
SETTLED = frozenset({"TransactionSettled"})


def everything(ledger: Ledger, names: frozenset[str] | None = None) -> Iterator[Recorded]:
    position = 0
    while batch := ledger.log.read(position, 5_000, names=names):
        yield from batch
        position = batch[-1].position


# --- the tool -----------------------------------------------------------------------------------


def test_eight_baskets_of_a_hundred_come_back_in_every_way() -> None:
    others = [one for one in baskets() if not brings_all_back(one.household, SEED)]
    kinds = [one.kind for one in others if one.kind]
    assert 0.07 < len(kinds) / len(others) < 0.09
    assert set(kinds) == set(KINDS)
    late = [one for one in others if one.kind == "late"]
    assert all((one.arrivals[-1].made - one.arrivals[0].made).days >= 396 for one in late)
    pieces = {len(one.arrivals) - 1 for one in others if one.kind == "pieces"}
    assert pieces == {2, 3, 4}


def test_households_that_bring_everything_back_do_so_by_spring() -> None:
    given = [one for one in baskets() if brings_all_back(one.household, SEED)]
    assert len({one.household for one in given}) == 3
    assert all(one.undone is not None and one.undone < SPRING.replace(tzinfo=None) for one in given)


def test_the_same_seed_gives_the_same_file_and_a_part_is_told_as_in_the_whole() -> None:
    whole = [*with_returns(all_lines(), SEED)]
    assert [*with_returns(all_lines(), SEED)] == whole
    assert [*with_returns(all_lines(), SEED + 1)] != whole
    assert {*with_returns(all_lines()[:300], SEED)} < {*whole}
    assert [line for line in whole if line in {*all_lines()}] != [*all_lines()]
    assert {*all_lines()} < {*whole}


# --- the books ----------------------------------------------------------------------------------


@both_databases
@each_program
def test_the_books_hold_at_every_position_and_every_view_is_that_of_the_log(
    backend: str, whole: bool, tmp_path: Path
) -> None:
    with returned_ledger(backend, tmp_path, whole=whole) as ledger:
        assert verification.verify(ledger, lambda _done, _goal: None).problems == []
        events = [*everything(ledger)]
    assert first_offence(events) is None
    happened = {type(one.event).__name__ for one in events}
    assert "SettlementFailed" not in happened
    assert {"PointsClawedBack", "PurchaseRecounted", "GrantUncounted", "TierSinceMoved"} <= happened
    assert "TransactionVersionIgnored" in happened
    settled = [one.event for one in events if isinstance(one.event, TransactionSettled)]
    assert any(one.outside_return_window for one in settled)
    if not whole:
        assert {"OfferRevoked", "TierEntryUndone"} <= happened
        assert any(one.why == "had_expired" for each in settled for one in each.not_done)


@both_databases
@each_program
def test_rebuilt_views_have_the_digests_of_live_ones(
    backend: str, whole: bool, tmp_path: Path
) -> None:
    with returned_ledger(backend, tmp_path, whole=whole) as ledger:
        assert_rebuilt(ledger, 5_000)


@both_databases
def test_so_they_have_however_small_the_batches(backend: str, tmp_path: Path) -> None:
    """Over a slice: the whole of it takes too long, an event at a time."""
    slice_of = [line for line in with_returns(all_lines()[:45], SEED)]
    with configured(backend, tmp_path) as url, ledger_on(url, batch=50) as ledger:
        ledger.administration.publish(harsh())
        ledger.intake.receive(slice_of)
        ledger.worker.work(lambda: YEAR_ENDS, once=True)
        assert ledger.log.count(0, ["PointsClawedBack", "PurchaseRecounted"]) > 9
        for batch in (1, 7):
            assert_rebuilt(ledger, batch)


def harsh() -> Program:
    """The harsher program as a new version of the grocer's."""
    document = read_program(HARSH).to_document()
    return Program.from_document(document | {"program": read_program(GROCER).program})


def assert_rebuilt(ledger: Ledger, batch: int) -> None:
    live = digests(ledger)
    for name, digest in live.items():
        rebuilt = ledger.projector.rebuild(name, batch=batch)
        assert (rebuilt.same, rebuilt.built.value) == (True, digest), name


# --- as if it had never been bought -------------------------------------------------------------


class Shown(NamedTuple):
    """What there is to see of a customer, and what he counts for."""

    profile: Any
    tiers: Any
    stores: Any
    usage: Any


def shown(ledger: Ledger, household: str, moment: Moment) -> Shown:
    customer = customer_of(ledger, household)
    answers = ledger.answers
    return Shown(
        answers.profile(customer, moment).model_copy(update={"identifiers": ()}),
        answers.tiers(customer, moment),
        answers.rewards(customer, moment),
        counted(ledger, customer),
    )


def counted(ledger: Ledger, customer: str) -> dict[str, Any]:
    """What counts for limits, and when it was granted."""
    usage: Usage = ledger.states.get([usage_of(customer)])[usage_of(customer)]
    return {
        subject: (count.times, count.points, [*count.moments.rows(Granted)])
        for subject, count in usage.counts.items()
        if count.times or count.points
    }


def customer_of(ledger: Ledger, household: str) -> str:
    return ledger.answers.find(Reference("external", "", household))


class Judged(NamedTuple):
    """What sales were judged by: levels by customer and sale; whom a limit refused something."""

    levels: dict[tuple[str, str], dict[str, str]]
    refused: set[str]


def judged(ledger: Ledger) -> Judged:
    levels: dict[tuple[str, str], dict[str, str]] = {}
    refused = set()
    for recorded in everything(ledger, SETTLED):
        event = recorded.event
        assert isinstance(event, TransactionSettled)
        for one in event.customers:
            levels.setdefault((one.customer_id, event.transaction_id), one.levels)
        refused |= {cut.customer_id for cut in event.cuts}
    return Judged(levels, refused)


@both_databases
@each_program
def test_what_came_back_whole_leaves_everybody_as_if_it_had_never_been_bought(
    backend: str, whole: bool, tmp_path: Path
) -> None:
    """But for the law's own exceptions, which are told by customer.

    Other sales keep the level they were judged at, and a grant that another sale was refused for a
    limit is not made later. No points are spent here, so that no grace plays a part.
    """
    with (
        returned_ledger(backend, tmp_path, whole=whole) as ledger,
        returned_ledger(backend, tmp_path, whole=whole, kept_only=True) as without,
    ):
        here, there = judged(ledger), judged(without)
        excepted = here.refused | {
            customer for customer, sale in there.levels
            if here.levels[customer, sale] != there.levels[customer, sale]
        }  # fmt: skip
        compared = 0
        for household in sorted(tellers(whole=False)):
            if brings_all_back(household, SEED):
                assert_never_bought(ledger, household)
                with pytest.raises(Rejected):
                    customer_of(without, household)
            elif customer_of(ledger, household) not in excepted:
                compared += 1
                for as_of in (SPRING, None):
                    moment = Moment(ALL_IS_IN, as_of)
                    assert shown(ledger, household, moment) == shown(without, household, moment)
        assert compared > (10 if whole else 5)


def assert_never_bought(ledger: Ledger, household: str) -> None:
    """He joined, and that is all."""
    for as_of in (SPRING, None):
        found = shown(ledger, household, Moment(ALL_IS_IN, as_of))
        assert {(one.available, one.debt, one.lifetime) for one in found.profile.accounts} == {
            (0, 0, 0)
        }
        assert [one.expiries for one in found.profile.accounts if one.expiries] == []
        assert {one.level for one in found.profile.tiers} == {"basic"}
        assert {one.until for one in found.profile.tiers} == {None}
        assert {one.state for one in found.profile.offers} <= {"REVOKED", "EXPIRED"}
        joined = ledger.log.stream(f"customer/{customer_of(ledger, household)}")
        assert {one.since for one in found.profile.tiers} == {next(joined).event.at}
        assert present(found.tiers) <= {0, "0.00"}
        assert found.usage == {}


def present(tree: Any) -> set[Any]:
    """What the customer has of everything that levels ask for."""
    match tree:
        case dict():
            own = {tree["present"]} if "present" in tree else set()
            return own.union(*(present(part) for part in tree.values()))
        case list():
            return set().union(*(present(part) for part in tree))
    return set()


@both_databases
@each_program
def test_what_counts_for_everybody_is_the_sum_of_what_counts_for_each(
    backend: str, whole: bool, tmp_path: Path
) -> None:
    with returned_ledger(backend, tmp_path, whole=whole) as ledger:
        sums: dict[str, tuple[int, int]] = {}
        for household in tellers(whole=whole):
            for subject, (times, points, _) in counted(
                ledger, customer_of(ledger, household)
            ).items():
                before = sums.get(subject, (0, 0))
                sums[subject] = before[0] + times, before[1] + points
        assert sums
        for subject, (times, points) in sums.items():
            count = ledger.states.get([limit(subject)])[limit(subject)]
            assert (count.times, count.points) == (times, points), subject
