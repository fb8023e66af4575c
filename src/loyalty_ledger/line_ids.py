"""Lines of requests that have ids of their own: each is done once, whichever request it is in."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from loyalty_ledger.deciding import Reading
from loyalty_ledger.domain.customer import Customer
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.base import Event
from loyalty_ledger.domain.streams import customer_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Answer


class LineId(NamedTuple):
    """What a line is known by, and what tells its body from another; without `name` it is new."""

    name: str = ""
    fingerprint: str = ""


class LineIds:
    """The lines of a kind that were done for a customer; those done now are kept with the decision.

    What was done for those who were merged into him was done for him. Of lines that earlier
    versions did nothing but the id is kept: under it any body is a repeat.
    """

    def __init__(self, kind: str, customer_id: str, ids: Iterable[LineId], reading: Reading):
        customer: Customer = reading.state(customer_of(customer_id))
        whose = (customer_id, *customer.absorbed)
        names = {one.name for one in ids if one.name}
        keys = {(kind, one, name) for name in names for one in whose}
        self._kind = kind
        self._customer_id = customer_id
        self._reading = reading
        self._known = defaultdict[str, list[Answer]](list)
        for answer in reading.answered(keys).values() if keys else ():
            self._known[answer.request_id].append(answer)

    def all_known(self, ids: Iterable[LineId]) -> bool:
        """Whether every one of these ids was used before."""
        return all(one.name in self._known for one in ids)

    def before(self, line: LineId) -> Answer | None:
        """What is kept of the line if it was done before; Rejected when another one was."""
        known = self._known.get(line.name)
        if not known:
            return None
        same = [one for one in known if one.fingerprint in ("", line.fingerprint)]
        if not same:
            raise Rejected(
                Reason.REQUEST_CONFLICT,
                f"idempotency_id {line.name!r} was used before with another body: every line"
                " needs an id of its own",
                {"idempotency_id": line.name},
            )
        return same[0]

    def done(self, line: LineId) -> None:
        """The line is done now: should it come again, it was done before."""
        if line.name:
            self._known[line.name].append(self._answer(line, b""))

    def name(self, line: LineId, draft: Draft, is_of_it: Callable[[Event], bool]) -> None:
        """Tell the line's id with those events of the draft that come from it."""
        if line.name:
            outcomes = enumerate(draft.outcomes)
            places = [place for place, outcome in outcomes if is_of_it(outcome.event)]
            self._reading.lines.update(dict.fromkeys(places, line.name))

    def keep(self, line: LineId, told: bytes) -> None:
        """Keep what is told of a line that was done now."""
        if line.name:
            self._reading.answers.append(self._answer(line, told))

    def _answer(self, line: LineId, told: bytes) -> Answer:
        return Answer(self._kind, self._customer_id, line.name, line.fingerprint, told)
