"""Changing a part of the program: the newest document with it becomes the next version."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain import configuration
from loyalty_ledger.domain.configuration import Programs
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import PROGRAM
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.states import States


class Edited(NamedTuple):
    """A part of the program that was changed, and the version that has it."""

    part: str
    version: int


def edit(
    states: States, at: datetime, part: str, change: Callable[[dict[str, Any]], Program]
) -> Edited:
    """Publish what `change` makes of the newest document; Rejected before the first.

    It is changed as it is in the commit, so that nobody's changes meanwhile are lost.
    """

    def decision(reading: Reading) -> tuple[Draft, Edited]:
        published: Programs = reading.state(PROGRAM)
        if not published.version:
            raise Rejected(Reason.NO_PROGRAM, "no program was published")
        newest = Program.from_document(published.documents[-1])
        program = change(newest.to_document())
        draft = reading.draft()
        for event in configuration.publish(program, at, published):
            draft.emit(PROGRAM, event)
        return draft, Edited(part, published.version + bool(draft.outcomes))

    return decide(states, decision)
