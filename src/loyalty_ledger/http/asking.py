"""What a request says besides its body: the moment it asks about, and that it comes once."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request

from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.streams import CATALOG, PROGRAM, STORES
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.http.operation import Operation, PosBody
from loyalty_ledger.http.pool import Pool
from loyalty_ledger.http.refusals import busy
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.moments import read_moment
from loyalty_ledger.sent import named_text, refused

_canonical = msgspec.json.Encoder(order="sorted", decimal_format="string").encode
PATIENCE_S, LOOK_EVERY_S = 2.0, 0.02
LARGEST_POSITION = 2**63 - 1


def moment_of(operation: Operation, request: Request, ledger: Ledger, now: datetime) -> Moment:
    """The moment asked about. Rejected where that cannot be asked, or is no moment.

    Who names a position that the answer must include gets it by the program of then, too.
    """
    refuse_beside(operation, request)
    if _said(request, "at_least") is not None:
        ledger.states.look_again((PROGRAM, STORES, CATALOG), at_once=True)
    as_of, known_at = (_said(request, name) for name in ("as_of", "known_at"))
    if as_of is None and known_at is None:
        return Moment(now)
    rulebook = ledger.settlement.rulebook()
    if rulebook is None:
        raise Rejected(
            Reason.NO_PROGRAM, "no program was published: run `loyalty program publish` first"
        )
    zone = rulebook.program.time_zone
    return Moment(
        now,
        None if as_of is None else read_moment(as_of, zone),
        None if known_at is None else read_moment(known_at, zone),
    )


def refuse_beside(operation: Operation, request: Request) -> None:
    """Rejected where a moment or a position cannot be asked: it would make no difference."""
    scope = request.scope
    if not scope["query_string"] and _BESIDE.isdisjoint(name for name, _ in scope["headers"]):
        return  # as most: whoever sends a sale does not wait for more
    known = {"as_of": operation.as_of, "known_at": operation.as_of, "at_least": operation.waits}
    problems = [
        (name, f"cannot be asked here: only {_ONLY[name]} take it")
        for name, taken in known.items()
        if not taken and _said(request, name) is not None
    ]
    if problems:
        raise refused(problems)


_BESIDE = frozenset((b"x-as-of", b"x-known-at", b"x-at-least"))
_OF_ONE = "reads of one customer"
_ONLY = {"as_of": _OF_ONE, "known_at": _OF_ONE, "at_least": "reads"}


async def wait_for_views(request: Request, pool: Pool) -> None:
    """Wait until the views have come to the position the request names; Turned when they do not.

    Rejected when the log itself has not come there: no write can have answered it.
    """
    text = _said(request, "at_least")
    if text is None:
        return
    digits = text.isascii() and text.isdecimal() and len(text) < 20
    if not digits or int(text) > LARGEST_POSITION:
        raise refused([("at_least", "must be a position of the log, as a write answered it")])
    head = await pool.run(lambda ledger: ledger.log.head().position)
    if int(text) > head:
        raise refused([("at_least", f"is beyond the end of the log, which is {head}")])
    until = time.monotonic() + PATIENCE_S
    while await pool.run(_views_at) < int(text):
        if time.monotonic() > until:
            raise busy(f"the views have not come to position {text} yet: ask again in a moment")
        await asyncio.sleep(LOOK_EVERY_S)


def _views_at(ledger: Ledger) -> int:
    return min(one.position for one in ledger.projector.status())


def request_key(
    operation: Operation, request: Request, given: Mapping[str, Any], body: Any
) -> tuple[str, str, str] | None:
    """What a request that writes is known by; None when it has no id of its own.

    Nothing is kept of the administration: its answers may hold a secret, and what else it writes
    changes nothing when it is asked again.
    """
    if operation.writes and isinstance(body, PosBody):
        return body.request_key
    if not operation.takes_id:
        return None
    said = given.get("idempotency_id")
    said = request.headers.get("message-id") if said is None else said
    if said is None:
        return None
    return operation.family, "", named_text("idempotency_id or Message-ID", said)


def fingerprint(operation: Operation, request: Request, given: Mapping[str, Any]) -> str:
    """What tells this request from another one under the same id."""
    said = (operation.name, dict(request.path_params), given)
    return hashlib.sha256(_canonical(said)).hexdigest()[:32]


def _said(request: Request, name: str) -> str | None:
    """A header `X-As-Of`, or a parameter `as_of`. Rejected when they say more than one thing.

    Who is told one of two moments would take it for the other.
    """
    query = request.query_params.getlist(name)
    header = request.headers.getlist("x-" + name.replace("_", "-"))
    if max(len(query), len(header)) > 1 or (query and header and query != header):
        raise refused([(name, "is said more than once, and it is not clear which is meant")])
    return next(iter(query or header), None)
