"""The versions of a sale: which counts, which is ignored, which is the same again."""

from datetime import timedelta
from typing import Any

import pytest

from loyalty_ledger.domain.events.sales import TransactionReceived, TransactionVersionIgnored
from loyalty_ledger.domain.transaction import SALE, Receive
from specification import MONDAY_NOON, given, line


def version(minutes: int = 0, **more: Any) -> TransactionReceived:
    """A version made that many minutes after the first."""
    made = MONDAY_NOON + timedelta(minutes=minutes)
    facts: dict[str, Any] = {
        "at": made,
        "store_id": "s1",
        "transaction_id": "7",
        "open_time": MONDAY_NOON,
        "time_zone": "America/New_York",
        "is_closed": True,
        "is_voided": False,
        "lines": [line("x", "5.00")],
        "program_version": 1,
        "catalog_version": 1,
    }
    facts["body_digest"] = f"{minutes} {sorted(more.items())}"
    return TransactionReceived(**(facts | more))


OPEN: dict[str, Any] = {"is_closed": False}
CLOSED: dict[str, Any] = {}
VOID: dict[str, Any] = {"is_voided": True}


def test_the_first_version_is_received() -> None:
    assert given(SALE).when(Receive(version())) == [version()]


def test_a_later_version_is_received() -> None:
    assert given(SALE, version()).when(Receive(version(5))) == [version(5)]


def test_the_same_body_again_is_nothing_new() -> None:
    assert given(SALE, version()).when(Receive(version())) == []
    assert given(SALE, version(), version(5)).when(Receive(version())) == []


def test_a_version_that_is_not_later_is_kept_and_ignored() -> None:
    (ignored,) = given(SALE, version(5)).when(Receive(version(3)))
    assert isinstance(ignored, TransactionVersionIgnored)
    assert ignored.modified_time == MONDAY_NOON + timedelta(minutes=3)
    assert ignored.lines == [line("x", "5.00")]
    assert given(SALE, version(5), ignored).when(Receive(version(3))) == []


@pytest.mark.parametrize(
    ("last", "arrives", "counts"),
    [
        (CLOSED, VOID, True),
        (OPEN, CLOSED, True),
        (OPEN, VOID, True),
        (VOID, CLOSED, False),
        (CLOSED, OPEN, False),
        (VOID, OPEN, False),
        (CLOSED, {"body_digest": "another"}, False),
    ],
)
def test_at_equal_times_a_void_beats_a_close_and_a_close_beats_open(
    last: dict[str, Any], arrives: dict[str, Any], counts: bool
) -> None:
    (event,) = given(SALE, version(**last)).when(Receive(version(**arrives)))
    assert isinstance(event, TransactionReceived if counts else TransactionVersionIgnored)


def test_an_ignored_version_does_not_become_the_last_one() -> None:
    (ignored,) = given(SALE, version(5)).when(Receive(version(3)))
    (again,) = given(SALE, version(5), ignored).when(Receive(version(4)))
    assert isinstance(again, TransactionVersionIgnored)


def test_versions_that_arrive_out_of_order_end_in_the_same_last_version() -> None:
    in_order = given(SALE, version(0), version(5)).state
    late: list[Any] = [version(5)]
    late += given(SALE, *late).when(Receive(version(0)))
    out_of_order = given(SALE, *late).state
    assert in_order.modified_time == out_of_order.modified_time
    assert sorted(in_order.bodies) == sorted(out_of_order.bodies)
