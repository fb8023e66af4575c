"""A request that may be sent again: its first answer is kept in the commit of its effect.

Asked again with the same body it is answered byte for byte as the first time; with another body it
is refused. Refusals are answers too, and kept, but for those that the setup or the clock explains:
once that is mended, the same request may well be granted.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import structlog

from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.store.log import Answer
from loyalty_ledger.store.records import NO_META

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


def conflict(
    key: tuple[str, str, str], by: Mapping[str, str] = NO_META, *, shared: bool = False
) -> Rejected:
    """The refusal of an id that was used before with another body; it is logged.

    Who sends one id with everything loses what he sends: an operator has to hear of it, and of
    which key it was. The id itself is not logged, since anything may stand in it; the request's
    own is. A `shared` one is an id among those of all callers.
    """
    client_id, store_id, request_id = key
    who = {"key": by["actor"], "request_id": by.get("request")} if "actor" in by else {}
    log.warning("request_conflict", client_id=client_id, store_id=store_id, **who)
    named = "idempotency_id or Message-ID" if shared else "request_id"
    needed = f"every request needs an id of its own{_NEW_TO_ALL if shared else ''}"
    return Rejected(
        Reason.REQUEST_CONFLICT,
        f"{named} {request_id!r} was used before with another body: {needed}",
        {"request_id": request_id},
    )


_NEW_TO_ALL = ", such as a UUID, for all keys share them: another program may have used this one"


class Answered(Exception):  # noqa: N818 - an answer, not an error
    """The request was answered before, with these bytes, at this position of the log."""

    def __init__(self, answer: Answer):
        super().__init__(f"request {answer.request_id!r} was answered before")
        self.body = answer.body
        self.position = answer.position


class Once(NamedTuple):
    """A request under its own id, and how what is decided is said in bytes.

    `fingerprint` tells one body from another. `said` gets the decision's answer, `refused` its
    refusal. `by` is the key that calls and the request as the service names it.
    """

    client_id: str
    store_id: str
    request_id: str
    fingerprint: str
    said: Callable[[Any], bytes]
    refused: Callable[[Rejected], bytes]
    by: Mapping[str, str] = NO_META
    shared: bool = False

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
        raise conflict(self.key, self.by, shared=self.shared)
