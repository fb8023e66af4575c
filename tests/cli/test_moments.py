"""Moments on the command line."""

from datetime import UTC, datetime

import pytest

from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.moments import read_moment


@pytest.mark.parametrize(
    "text", ["9999-12-31", "9999-01-01T00:00:00Z", "0001-01-01", "0001-01-01T00:00:00+14:00"]
)
def test_a_year_out_of_range_is_refused_as_that(text: str) -> None:
    with pytest.raises(Rejected, match="out of range: years go from 0002 to 9998"):
        read_moment(text, "America/New_York")


def test_the_last_day_in_range_is_taken() -> None:
    assert read_moment("9998-12-31", "UTC") == datetime(9998, 12, 31, 23, 59, 59, 999999, UTC)
