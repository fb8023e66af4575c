"""A window holds what the definition says: s counts within p at T while s <= T < s + p."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from loyalty_ledger.domain.pages import Pages, packed
from loyalty_ledger.domain.progress import Earned
from loyalty_ledger.domain.values import END_OF_TIME, Period, Window

ZONES = st.sampled_from(
    ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana", "UTC"]
)
PERIODS = st.builds(
    Period,
    months=st.integers(0, 26),
    days=st.integers(0, 45),
    seconds=st.integers(0, 200_000) | st.just(0),
).filter(lambda period: period != Period())
MINUTES = timedelta(minutes=1)
START = datetime(2010, 12, 1, tzinfo=UTC)
LATELY = st.integers(0, 500 * 24 * 60).map(lambda minutes: START + minutes * MINUTES)
EVER = st.integers(1, 7000 * 365 * 24).map(lambda hours: START + (hours - 10**7) * 60 * MINUTES)
MOMENTS = LATELY | EVER


@given(ZONES, PERIODS, MOMENTS, st.integers(-10, 10), st.integers(-90_000, 90_000))
def test_a_window_holds_what_the_definition_says_also_close_to_its_edges(
    zone_name: str, period: Period, moment: datetime, days: int, seconds: int
) -> None:
    try:
        near = timedelta(days=days, seconds=seconds)
        until = period.after(moment, zone_name) + near
    except OverflowError:
        until = END_OF_TIME

    for end in (until, period.after(moment, zone_name), moment):
        expected = moment <= end < period.after(moment, zone_name)
        assert Window(end, period, zone_name).holds(moment) is expected


@given(
    ZONES,
    st.none() | PERIODS,
    LATELY,
    st.lists(st.tuples(st.integers(0, 900 * 24 * 60), st.integers(0, 50)), max_size=300),
    st.booleans(),
)
def test_a_sum_over_pages_is_the_sum_over_rows(
    zone_name: str,
    within: Period | None,
    until: datetime,
    ages: list[tuple[int, int]],
    in_order: bool,
) -> None:
    rows = [Earned(until - (age - 9000) * MINUTES, points) for age, points in ages]
    if in_order:
        rows.sort(key=lambda row: row.when)
    window = Window(until, within, zone_name)
    expected = sum(
        row.amount
        for row in rows
        if row.when <= until and (within is None or until < within.after(row.when, zone_name))
    )
    added: Pages[Earned] = Pages()
    for row in rows:
        added = added.add(row)

    assert added.total_within(Earned, window) == expected
    assert packed(rows).total_within(Earned, window) == expected
    assert list(added.rows(Earned)) == rows
    assert list(added.newest_first(Earned)) == rows[::-1]
    assert (added.total, added.low) == (packed(rows).total, packed(rows).low)


@given(ZONES, PERIODS, MOMENTS, st.integers(0, 100_000))
def test_a_period_that_begins_later_never_ends_earlier_than_by_a_clock_change(
    zone_name: str, period: Period, moment: datetime, seconds: int
) -> None:
    try:
        later = moment + timedelta(seconds=seconds)
    except OverflowError:
        return
    ends, ends_later = period.after(moment, zone_name), period.after(later, zone_name)
    assert ends_later >= ends - timedelta(hours=24)
    assert ends > moment or ends == END_OF_TIME


@given(PERIODS)
def test_a_period_reads_back_as_it_was_written(period: Period) -> None:
    assert Period.parse(str(period)) == period
