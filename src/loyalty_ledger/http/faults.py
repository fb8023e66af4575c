"""Faults of ours: told to nobody but the log, by where they came about."""

import traceback

import structlog

from loyalty_ledger.http.refusals import Turned

log = structlog.get_logger("loyalty_ledger.http")
MOST_FRAMES = 20


def fault(request_id: str, error: BaseException) -> Turned:
    """Log it, and the answer of a request that met it.

    What the error says is left out: it may tell what was sent.
    """
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    at = [f"{one.filename}:{one.lineno} {one.name}" for one in frames]
    log.error("failed", request_id=request_id, error=type(error).__name__, at=at)
    return Turned(500, "internal", f"a fault of ours: request {request_id} is logged")
