"""What operators do, recorded for auditors."""

from collections.abc import Callable
from datetime import datetime

from loyalty_ledger.deciding import Reading, decide
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.operating import By, acted
from loyalty_ledger.domain.streams import acts_on
from loyalty_ledger.states import States


class Acts:
    """Records what was done. What cannot be recorded must not be done."""

    def __init__(self, states: States, clock: Callable[[], datetime]):
        self._states = states
        self._clock = clock

    def record(self, act: str, subject: str, by: By) -> None:
        """That this is being done now; what is raised says that it is not recorded."""
        event, stream = acted(act, subject, by, self._clock()), acts_on(act, subject)

        def decision(reading: Reading) -> tuple[Draft, None]:
            reading.get([stream])
            draft = reading.draft()
            draft.emit(stream, event)
            return draft, None

        decide(self._states, decision)
