"""`send_transaction`: a sale on its way into the log. It is judged by rules later."""

import asyncio
from typing import Any

from pydantic import RootModel

from loyalty_ledger import wire
from loyalty_ledger.client import shapes
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.arriving import Arriving
from loyalty_ledger.http.authorisation import check_store
from loyalty_ledger.http.bodies import read_json
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation, PosBody
from loyalty_ledger.http.service import Asked, Service, Told, meta_of, store_named
from loyalty_ledger.intake import Sent

LONG = 32 * 1024
"""Reading a body beyond so many bytes takes longer than others should wait."""


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


class Sending:
    """Takes in sales."""

    def __init__(self, service: Service, arriving: Arriving, names: Names):
        self._service = service
        self._arriving = arriving
        self._names = names

    async def answered(self, asked: Asked) -> Told:
        """The receipt of a sale."""
        if len(asked.body) > LONG:
            request = await asyncio.to_thread(self._read, asked)
        else:
            request = self._read(asked)
        arrived = await self._arriving.receive(Sent(request, asked.at, meta_of(asked)))
        receipt = arrived.receipt
        if receipt.refusal is not None:
            return self._service.refused_now(asked.operation, receipt.refusal)
        return Told(200, receipt.answer, {"X-Log-Position": str(arrived.position)})

    def _read(self, asked: Asked) -> wire.Request:
        given = read_json(asked.body)
        check_store(asked.key, store_named(given))
        request = wire.request_of(given)
        if request.client_id in self._names.without_request_ids:
            return request._replace(request_id=f"#{request.digest}")
        return request
