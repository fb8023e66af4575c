"""A version of a sale that came after the return window: recorded, and nothing moves."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from loyalty_ledger.domain.events.settlement import Grant, NotDone, TransactionSettled
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.taking_back import Case
from loyalty_ledger.domain.transaction import Sale
from loyalty_ledger.domain.versions import first_closed

OUTSIDE = "outside_return_window"


def window_ends(program: Program, sale_time: datetime) -> datetime:
    """The end of the window, which still belongs to it."""
    return program.return_window.after(sale_time, program.time_zone)


def outside_window(case: Case, sale: Sale, number: int, modified: datetime) -> bool:
    """Whether a version was made after the window: any but the one that closed the sale."""
    first = first_closed(sale.known)
    if not case.record.first or (first is not None and first.number == number):
        return False
    return modified > window_ends(case.rulebook.program, case.at)


def without_effect(settled: TransactionSettled) -> TransactionSettled:
    """The settlement as it is recorded: what it would have moved, and that nothing did."""
    not_done = [one for grant in settled.grants for one in _differences(grant)]
    not_done += [
        NotDone(
            customer_id=one.customer_id,
            what=one.how if not one.offer_id else f"{one.how}:{one.offer_id}",
            why=OUTSIDE,
            points=one.points,
        )
        for one in settled.given_back
    ]
    return replace(
        settled,
        at=settled.modified_time or settled.at,
        outside_return_window=True,
        grants=[replace(grant, **_UNMOVED) for grant in settled.grants],
        asked=[],
        taken=[],
        given_back=[],
        not_done=not_done,
    )


_UNMOVED: dict[str, Any] = dict(lots=[], awards=[], offers=[], held={}, codes=[], drawn={})


def _differences(grant: Grant) -> list[NotDone]:
    accounts = dict.fromkeys((*grant.deserved, *grant.granted))
    moved = {name: grant.deserved.get(name, 0) - grant.granted.get(name, 0) for name in accounts}
    return [
        NotDone(
            customer_id=grant.customer_id, what=f"{grant.rule}:{name}", why=OUTSIDE, points=points
        )
        for name, points in moved.items()
        if points
    ]
