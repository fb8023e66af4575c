"""The door before the line of sales: while that is full, whoever comes is told to come again.

It takes next to nothing to say so, and that is left to those who wait: nobody is asked who he is,
and no body is looked into.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from loyalty_ledger.http import envelopes
from loyalty_ledger.http.arriving import Arriving, too_many
from loyalty_ledger.http.bodies import read_body
from loyalty_ledger.http.names import Names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.http.refusals import Turned


class Door:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, arriving: Arriving, operation: Operation, names: Names):
        self._app = app
        self._arriving = arriving
        self._operation = operation
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, unless it is a sale for which there is no room."""
        if self._arriving.full and self._is_sale(scope):
            scope["state"]["operation"] = self._operation.name
            await (await self._shut(Request(scope, receive)))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_sale(self, scope: Scope) -> bool:
        asked = self._operation
        return (
            scope["type"] == "http"
            and scope["method"] == asked.method
            and scope["path"] in asked.paths
        )

    async def _shut(self, request: Request) -> Response:
        """The answer. A body that is not read to its end ends the connection."""
        turned = too_many()
        try:
            await read_body(request, self._operation.limits.longest)
        except Turned:
            turned.headers["Connection"] = "close"
        family = self._operation.family
        body = envelopes.turned_away(self._names, family, turned)
        return Response(body, turned.status, turned.headers, envelopes.media_of(family))
