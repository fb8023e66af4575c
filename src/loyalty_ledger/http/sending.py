"""`send_transaction`: a sale on its way into the log. It is judged by rules later."""

from typing import Any

import msgspec
from pydantic import RootModel

from loyalty_ledger import wire
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.arriving import Arriving, Key
from loyalty_ledger.http.asking import refuse_beside
from loyalty_ledger.http.authorisation import check_store
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation, PosBody
from loyalty_ledger.http.service import Asked, Service, Told, meta_of
from loyalty_ledger.http.taking_in import Came


class SendPayload(RootModel[wire.WireTransaction]):
    """The sale itself; it may also stand under `transaction`."""


class Send(PosBody):
    """A sale, a change of one, a void or a return."""

    request_payload: SendPayload


def _act(_call: Any) -> None:
    raise AssertionError("sales are taken in in groups")


SEND = Operation(
    name="send_transaction",
    family="pos",
    paths=("/api/2.0/send_transaction",),
    scope=Scope.POS,
    summary="Send a sale, or send it again when it changes, is voided or comes back.",
    asks=Send,
    tells=shapes.Receipt,
    act=_act,
    writes=True,
    refuses=(Reason.UNKNOWN_STORE, Reason.TIME_IN_FUTURE),
)


class _Envelope(msgspec.Struct):
    """What of a body tells who sends which request; the rest is skipped."""

    store_id: Any = None
    client_id: Any = None
    request_id: Any = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class Sending:
    """Takes in sales."""

    def __init__(self, service: Service, arriving: Arriving, names: Names):
        self._service = service
        self._arriving = arriving
        self._names = names

    async def answered(self, asked: Asked) -> Told:
        """The receipt of a sale."""
        refuse_beside(asked.operation, asked.request)
        envelope = _envelope(asked.body)
        check_store(asked.key, envelope.store_id)
        came = Came(asked.body, asked.at, meta_of(asked))
        arrived = await self._arriving.receive(came, self._known_by(envelope))
        receipt = arrived.receipt
        if receipt.refusal is not None:
            return self._service.refused_now(asked.operation, receipt.refusal)
        return Told(200, receipt.answer, {"X-Log-Position": str(arrived.position)})

    def _known_by(self, envelope: _Envelope) -> Key | None:
        key = envelope.client_id, envelope.store_id, envelope.request_id
        if all(isinstance(one, str) for one in key):
            return None if envelope.client_id in self._names.without_request_ids else key
        return None


def _envelope(body: bytes) -> _Envelope:
    """Of a body that cannot be read, an empty one: taking it in tells why."""
    try:
        return _ENVELOPE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Envelope()
