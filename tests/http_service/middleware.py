"""Programs, stalls and races for tests of the service."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, TypeVar

from sqlalchemy import select

from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.schema import head
from offers.till import document

T = TypeVar("T")
NEVER = {"kind": "never"}


def accounts(**changes: Any) -> dict[str, Any]:
    """The shop's program with this said of its points; they stay unless that is told, too."""
    made = document()
    points, *others = made["point_accounts"]
    return made | {"point_accounts": [points | {"expiry": NEVER} | changes, *others]}


def selling(*more: dict[str, Any]) -> dict[str, Any]:
    """The shop's program with more in its reward store."""
    made = document()
    rewards, *others = made["reward_stores"]
    return made | {"reward_stores": [rewards | {"offers": [*rewards["offers"], *more]}, *others]}


def with_escrow() -> dict[str, Any]:
    """Points are earned into an account of a fortnight, and then can be spent."""
    made = document()
    pending = {"id": "pending", "name": "Pending", "spendable": False}
    pending |= {"expiry": {"kind": "rolling", "after": "P14D", "into": "points"}}
    (source,) = made["point_sources"]
    base, *rules = made["rules"]
    return made | {
        "point_accounts": [*made["point_accounts"], pending],
        "point_sources": [source | {"accounts": [*source["accounts"], "pending"]}],
        "rules": [base | {"award": base["award"] | {"account": "pending"}}, *rules],
    }


@contextmanager
def nobody_commits(ledger: Ledger) -> Iterator[None]:
    """Whoever wants to write waits until the block ends."""
    with for_writing(ledger.log.engine).begin() as connection:
        connection.execute(select(head.c.id).with_for_update())
        yield


def all_at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """What each came to, all begun together."""
    start = Barrier(len(acts))

    def act(one: Callable[[], T]) -> T:
        start.wait(30)
        return one()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))
