"""Money, periods and instants at the edges of the calendar."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty_ledger.domain.values import (
    END_OF_TIME,
    Period,
    Window,
    from_wall,
    major_units,
    midnight,
    minor_units,
    to_wall,
    utc,
)
from specification import NEW_YORK, at


def test_money_is_kept_in_minor_units() -> None:
    assert minor_units(Decimal("12.50"), 2) == 1250
    assert minor_units(Decimal("12"), 0) == 12
    assert minor_units(Decimal("1.234"), 3) == 1234
    assert major_units(1250, 2) == Decimal("12.50")


def test_trailing_zeros_are_free_but_a_tenth_of_a_cent_is_refused() -> None:
    assert minor_units(Decimal("12.500"), 2) == 1250
    with pytest.raises(ValueError, match=r"finer than 0\.01"):
        minor_units(Decimal("12.501"), 2)


def test_an_instant_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake


def test_a_wall_time_that_clocks_skip_moves_forward_by_the_gap() -> None:
    assert at("2026-03-08 02:30") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert to_wall(at("2026-03-08 02:30"), NEW_YORK) == to_wall(at("2026-03-08 03:30"), NEW_YORK)


def test_a_wall_time_that_clocks_show_twice_is_the_earlier_instant() -> None:
    assert at("2026-11-01 01:30") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_day_begins_at_one_where_midnight_is_skipped() -> None:
    begins = midnight(date(2018, 11, 4), "America/Sao_Paulo")
    assert to_wall(begins, "America/Sao_Paulo").hour == 1


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31 12:00", "P1M", "2026-02-28 12:00"),
        ("2028-01-31 12:00", "P1M", "2028-02-29 12:00"),
        ("2028-02-29 12:00", "P12M", "2029-02-28 12:00"),
        ("2028-02-29 12:00", "P4Y", "2032-02-29 12:00"),
        ("2026-12-31 23:59", "P2M", "2027-02-28 23:59"),
        ("2026-01-30 12:00", "P1M1D", "2026-03-01 12:00"),
        ("2026-05-01 00:00", "P2W", "2026-05-15 00:00"),
    ],
)
def test_months_and_days_go_by_the_calendar(start: str, period: str, end: str) -> None:
    assert Period.parse(period).after(at(start), NEW_YORK) == at(end)


def test_a_day_over_a_clock_change_is_not_24_hours_but_pt24h_is() -> None:
    before = at("2026-03-07 12:00")

    assert Period.parse("P1D").after(before, NEW_YORK) == before + timedelta(hours=23)
    assert Period.parse("PT24H").after(before, NEW_YORK) == before + timedelta(hours=24)
    assert Period.parse("P1D").after(at("2026-10-31 12:00"), NEW_YORK) == at("2026-11-01 12:00")


def test_a_period_that_ends_in_the_skipped_hour_ends_after_it() -> None:
    assert Period.parse("P1D").after(at("2026-03-07 02:30"), NEW_YORK) == at("2026-03-08 03:30")


def test_a_period_that_outlasts_the_calendar_ends_with_it() -> None:
    assert Period.parse("P9000Y").after(at("2026-01-01 00:00"), NEW_YORK) == END_OF_TIME
    assert Period.parse("PT1S").after(END_OF_TIME, NEW_YORK) == END_OF_TIME


@pytest.mark.parametrize(
    ("text", "normal"),
    [("P1Y", "P12M"), ("P2W", "P14D"), ("PT90M", "PT1H30M"), ("P1M2DT3S", "P1M2DT3S")],
)
def test_a_period_is_written_in_its_shortest_units(text: str, normal: str) -> None:
    assert str(Period.parse(text)) == normal
    assert Period.parse(normal) == Period.parse(text)


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "12M", "P0D", "P1.5D", "P-1D", "P1DT", "p1d"]
)
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("then", "counts"),
    [
        ("2025-03-02 12:00", False),
        ("2025-03-02 12:01", True),
        ("2026-03-02 12:00", True),
        ("2026-03-02 12:01", False),
    ],
)
def test_a_window_includes_its_last_moment_and_excludes_what_is_a_whole_period_old(
    then: str, counts: bool
) -> None:
    window = Window(at("2026-03-02 12:00"), Period.parse("P12M"), NEW_YORK)
    assert window.holds(at(then)) is counts


def test_on_the_last_of_february_a_month_old_is_what_was_bought_from_the_28th_to_the_31st() -> None:
    window = Window(at("2026-02-28 12:00"), Period.parse("P1M"), NEW_YORK)

    assert [window.holds(at(f"2026-01-{day} 12:00")) for day in (28, 29, 30, 31)] == [False] * 4
    assert window.holds(at("2026-01-28 12:01"))


def test_a_window_without_a_period_holds_everything_up_to_now() -> None:
    window = Window(at("2026-03-02 12:00"), None, NEW_YORK)
    assert window.holds(at("1900-01-01 00:00"))
    assert not window.holds(at("2026-03-02 12:01"))


def test_wall_time_is_read_in_the_zone_of_its_store() -> None:
    noon = datetime.fromisoformat("2026-03-02 12:00")
    assert from_wall(noon, "Asia/Tokyo") == datetime(2026, 3, 2, 3, tzinfo=UTC)
