"""The ids that tills give their requests, as far as they are kept with what came in them."""

import re
from collections.abc import Mapping

from loyalty_ledger.wire import Request

SENT_AS = "sent_as"
"""What a till's own id of the request is called beside the events of its sale."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")
_COUNTED = re.compile(r"(?:[-_.:/#]?[0-9]{1,8})?")


def with_till_id(meta: Mapping[str, str], request: Request) -> Mapping[str, str]:
    """What is told with the events of a sale, and the till's id of the request if it is nobody's.

    Another one may be any text, and so a person's name: events are for ever. To keep it where it
    could be erased would cost every sale a row more.
    """
    return {**meta, SENT_AS: request.request_id} if _is_nobodys(request) else meta


def _is_nobodys(request: Request) -> bool:
    """Whether it is a UUID, or the id of the till or the sale, counted or not: those are known."""
    said = request.request_id
    for known in (request.transaction.transaction_id, request.client_id):
        if said.startswith(known) and _COUNTED.fullmatch(said, len(known)):
            return True
    return _UUID.fullmatch(said) is not None
