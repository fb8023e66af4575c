"""Sales as they came, read and taken into the log, in groups that share a commit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import msgspec

from loyalty_ledger import wire
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.http.bodies import read_json
from loyalty_ledger.http.faults import fault
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.own_words import as_known
from loyalty_ledger.http.refusals import Turned, busy
from loyalty_ledger.intake import Receipt, Sent
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Busy, Conflict, NotStored, OutcomeUnknown
from loyalty_ledger.store.reaching import in_reach

LOST = (Busy, Conflict, NotStored, OutcomeUnknown)


class Came(NamedTuple):
    """A body, when it had been read, and what is told with its events: key and request id."""

    body: bytes
    at: datetime
    meta: dict[str, str]


class Taken(NamedTuple):
    """What became of each body, in order, the position of the log behind them, and its commits."""

    results: list[Receipt | Turned]
    position: int
    commits: int


Take = Callable[[Sequence[Came]], Taken]


class TakingIn:
    """Takes in sales, with a ledger of its own. One thread uses it."""

    def __init__(self, make: Callable[[], Ledger], names: Names):
        self._make = make
        self._names = names
        self._commits = 0

    def __call__(self, group: Sequence[Came]) -> Taken:
        """What became of them. One that fails by a fault of ours takes no other with it."""
        try:
            with in_reach():
                return self._taken(group)
        except LOST as error:
            return self._told([busy(f"not now: {error}")] * len(group))
        except Exception as error:
            if len(group) == 1:
                return self._told([fault(group[0].meta["request"], error)])
            each = [self([one]) for one in group]
            told = self._told([result for one in each for result in one.results])
            return told._replace(commits=told.commits + sum(one.commits for one in each))

    @cached_property
    def _ledger(self) -> Ledger:
        ledger = self._make()
        ledger.intake.answer_to = self._answer
        ledger.log.committed = self._committed
        return ledger

    def _committed(self) -> None:
        self._commits += 1

    def _told(self, results: Sequence[Receipt | Turned]) -> Taken:
        commits, self._commits = self._commits, 0
        return Taken([*results], self._ledger.states.position, commits)

    def _taken(self, group: Sequence[Came]) -> Taken:
        read = [self._read(one) for one in group]
        sent = [one for one in read if not isinstance(one, Turned)]
        receipts = iter(self._ledger.intake.take(sent))
        return self._told([one if isinstance(one, Turned) else next(receipts) for one in read])

    def _read(self, came: Came) -> Sent | Rejected | Turned:
        try:
            request = wire.request_of(read_json(came.body))
        except (Rejected, Turned) as refusal:
            return refusal
        if request.client_id in self._names.without_request_ids:
            request = request._replace(request_id=f"#{request.digest}")
        # The digest is of what was sent: the same body is known, whatever its words mean by now.
        request = request._replace(transaction=as_known(request.transaction, self._names))
        return Sent(request, came.at, came.meta)

    def _answer(self, request: wire.Request) -> bytes:
        """The answer of a sale that was taken in."""
        return msgspec.json.encode(
            {
                "status": self._names.status("pos", ok=True),
                "payload": None,
                "transaction_id": request.transaction.transaction_id,
            }
        )
