"""A request that may be sent again: its first answer is kept in the commit of its effect.

Asked again with the same body it is answered byte for byte as the first time; with another body it
is refused. Refusals are answers too, and kept, but for those that the setup or the clock explains:
once that is mended, the same request may well be granted.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import structlog

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Answer

log = structlog.get_logger("loyalty_ledger")
PASSING = frozenset(
    {
        Reason.VALIDATION,
        Reason.NO_PROGRAM,
        Reason.UNKNOWN_STORE,
        Reason.TIME_IN_FUTURE,
        Reason.REQUEST_CONFLICT,
    }
)
"""Reasons that are not the decision's: a refusal for one of them is not kept."""


def conflict(client_id: str, store_id: str, request_id: str) -> Rejected:
    """The refusal of an id that was used before with another body; it is logged.

    Who sends one id with everything loses what he sends: an operator has to hear of it. The id
    itself is not logged, since anything may stand in it.
    """
    log.warning("request_conflict", client_id=client_id, store_id=store_id)
    return Rejected(
        Reason.REQUEST_CONFLICT,
        f"request_id {request_id!r} was used before with another body: every request needs an id"
        " of its own",
        {"request_id": request_id},
    )


class Answered(Exception):  # noqa: N818 - an answer, not an error
    """The request was answered before, with these bytes, at this position of the log."""

    def __init__(self, answer: Answer):
        super().__init__(f"request {answer.request_id!r} was answered before")
        self.body = answer.body
        self.position = answer.position


class Once(NamedTuple):
    """A request under its own id, and how what is decided is said in bytes.

    `fingerprint` tells one body from another. `said` gets the decision's answer, `refused` its
    refusal.
    """

    client_id: str
    store_id: str
    request_id: str
    fingerprint: str
    said: Callable[[Any], bytes]
    refused: Callable[[Rejected], bytes]

    @property
    def key(self) -> tuple[str, str, str]:
        """What its answer is found by."""
        return self.client_id, self.store_id, self.request_id

    def keeps(self, refusal: Rejected | None) -> bool:
        """Whether an answer is kept: every grant, and every refusal that is the decision's own."""
        return refusal is None or refusal.code not in PASSING

    def answer(self, decided: Any) -> Answer:
        """The answer to keep for what was decided, or for why it was refused."""
        said = self.refused if isinstance(decided, Rejected) else self.said
        return Answer(*self.key, self.fingerprint, said(decided))

    def check(self, known: Answer | None) -> None:
        """Answered when it was asked before; Rejected when that was with another body."""
        if known is None:
            return
        if known.fingerprint == self.fingerprint:
            raise Answered(known)
        raise conflict(*self.key)
