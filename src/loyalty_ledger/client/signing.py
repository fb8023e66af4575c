"""Who calls, told with every request: key and secret, and a signature where the key has to sign."""

import hashlib
import hmac
import secrets
from collections.abc import Generator
from typing import Any

import httpx

from loyalty_ledger.clock import now


class Credentials(httpx.BasicAuth):
    """Basic credentials; each request is signed anew, also one that is sent again."""

    requires_request_body = True

    def __init__(self, key: str, secret: str, signing_secret: str | None):
        super().__init__(key, secret)
        self._signing_secret = signing_secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add what the request has to carry."""
        if self._signing_secret is not None:
            request.headers.update(signed(self._signing_secret, request))
        yield from super().auth_flow(request)


def signed(signing_secret: str, request: httpx.Request, **said: Any) -> dict[str, str]:
    """The headers of a signed request: now and with a new nonce, unless these are `said`."""
    at = str(said.get("at", int(now().timestamp())))
    nonce = str(said.get("nonce", secrets.token_urlsafe(18)))
    body = hashlib.sha256(request.content).hexdigest()
    lines = [request.method.encode(), request.url.raw_path, at.encode(), nonce.encode()]
    lines.append(body.encode())
    if (message_id := request.headers.get("Message-ID")) is not None:
        lines.append(message_id.encode(request.headers.encoding))
    signature = hmac.new(signing_secret.encode(), b"\n".join(lines), hashlib.sha256).hexdigest()
    return {"X-Timestamp": at, "X-Nonce": nonce, "X-Signature": signature}
