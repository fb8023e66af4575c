"""The service of the coffee shop, behind a real socket, and callers with keys of every scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI
from sqlalchemy import QueuePool

from http_service.description import Description, Overheard, usual
from loyalty_ledger.client.clients import AsyncClient, Client
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.app import Settings, make_app
from loyalty_ledger.http.names import Names, read_names
from loyalty_ledger.http.serve import answering
from loyalty_ledger.http.taking_in import Take
from loyalty_ledger.keys import Terms
from offers.till import BREAKFAST, Shop, shop_on
from sample_ledger import SECRET

_number = count(1)
SALE = {"transaction_id": "T1", "open_time": "2026-03-10T12:00:00", "items": BREAKFAST}
POS = "/api/2.0/"


class Served:
    """A shop and its service. `call` asks it with a key of the scope that is named."""

    def __init__(self, shop: Shop, app: FastAPI, url: str):
        self.shop = shop
        self.app = app
        self.url = url
        self._clients: dict[str, httpx.Client] = {}
        self._keys: dict[str, tuple[str, str]] = {}

    def with_key(self, terms: Terms) -> httpx.Client:
        """A caller with a key of his own."""
        made = self.shop.ledger.keys.create(terms)
        auth = (made.key.key_id, made.secret)
        return httpx.Client(base_url=self.url, auth=auth, timeout=30)

    def with_key_of(self, scope: Scope) -> httpx.Client:
        """A caller with a new key of that scope."""
        return self.with_key(Terms(scope.value, scope))

    def caller(self, scope: Scope = Scope.ADMIN) -> httpx.Client:
        """A caller with a key of that scope."""
        if scope not in self._clients:
            made = self.shop.ledger.keys.create(Terms(scope.value, scope))
            auth = self._keys[scope] = (made.key.key_id, made.secret)
            self._clients[scope] = httpx.Client(base_url=self.url, auth=auth, timeout=30)
        return self._clients[scope]

    def client(self, url: str | None = None, **more: Any) -> Client:
        """A till and app of the main store, as those who use the package call."""
        return Client(url or self.url, *self._key(), store_id="main", client_id="till-1", **more)

    def async_client(self) -> AsyncClient:
        """The same, to be awaited."""
        return AsyncClient(self.url, *self._key(), store_id="main", client_id="till-1")

    def _key(self) -> tuple[str, str]:
        made = self.shop.ledger.keys.create(Terms("middleware", Scope.ADMIN))
        return made.key.key_id, made.secret

    @property
    def key_id(self) -> str:
        """The id of the widest key."""
        return self.credentials[0]

    @property
    def credentials(self) -> tuple[str, str]:
        """The widest key, and its secret."""
        self.caller()
        return self._keys[Scope.ADMIN]

    def dispose(self) -> None:
        for client in self._clients.values():
            client.close()

    # --- as a till ------------------------------------------------------------------------------

    def pos(self, verb: str, payload: dict[str, Any], **envelope: Any) -> httpx.Response:
        """What a till asks; a new request unless `request_id` is given."""
        return self.caller(Scope.POS).post(POS + verb, content=pos_body(payload, **envelope))

    def lock(self, offer: str, verb: str = "lock", **more: Any) -> dict[str, Any]:
        """The answer of locking an offer for a sale, or redeeming it at once."""
        return dict(self.pos(verb, binding(offer, **more)).json())

    def send(self, sale: str = "T1", *carried: Any, **changes: Any) -> httpx.Response:
        """Send a sale that carries these discounts."""
        body = self.shop.body(sale, *carried, **changes)
        return self.caller(Scope.POS).post(POS + "send_transaction", content=body)

    # --- as an app ------------------------------------------------------------------------------

    def ask(self, path: str, of: str | None = "ANN", **body: Any) -> httpx.Response:
        """What an app asks about a customer; `params` and `headers` go beside the body."""
        beside = {name: body.pop(name) for name in ("params", "headers") if name in body}
        whose = {} if of is None else {"user_id": self.shop.id_of(of)}
        return self.caller().post(path, content=msgspec.json.encode(whose | body), **beside)

    def told(self, path: str, of: str | None = "ANN", **body: Any) -> Any:
        """The payload of what an app is answered."""
        self.shop.ledger.projector.catch_up()
        answer = self.ask(path, of, **body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "ok", answer.text
        return answer.json()["payload"]

    def refusal(self, path: str, of: str | None = "ANN", **body: Any) -> str:
        """The code that an app is refused with."""
        answer = self.ask(path, of, **body).json()
        assert answer["status"] == "error", answer
        return str(answer["errors"]["code"])

    # --- as a site ------------------------------------------------------------------------------

    def core(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """What a site asks of the Core family; `path` goes on behind the key."""
        content = None if body is None else msgspec.json.encode(body)
        whole = f"/priv/v1/apps/{self.key_id}{path}"
        return self.caller().request(method, whole, content=content, **more)

    def events(self) -> int:
        """How many events the log holds."""
        return self.shop.ledger.log.head().position

    def later(self, **by: float) -> datetime:
        """Set the clock on from noon."""
        return self.shop.later(**by)


def binding(offer: str, sale: str = "T1", **changes: Any) -> dict[str, Any]:
    """An offer and the sale it is for."""
    transaction = SALE | {"transaction_id": sale} | changes
    return {
        "offer_lookup_code": offer,
        "offer_lookup_type": "UserOfferId",
        "transaction": transaction,
    }


def pos_body(payload: dict[str, Any], **envelope: Any) -> bytes:
    """The envelope of a till around a payload."""
    known = {"store_id": "main", "client_id": "till-1", "request_id": f"r-{next(_number)}"}
    return msgspec.json.encode(known | {"request_payload": payload} | envelope)


@contextmanager
def served(
    shop: Shop, names: Names | None = None, take: Take | None = None, **settings: Any
) -> Iterator[Served]:
    """The shop's service at a free port of this machine, as long as the block lasts.

    It takes in sales itself unless `take` does.
    What it answered must then be as its description says, and nothing it began still runs.
    """
    of_its_own = Settings(names or read_names(), **settings)
    app = make_app(shop.ledger.log.engine, SECRET.encode(), shop.ledger.clock, of_its_own, take)
    overheard = Overheard(app, usual() if names is None else Description(names))
    with answering(overheard) as url:
        made = Served(shop, app, url)
        try:
            yield made
        finally:
            made.dispose()
    pool = shop.ledger.log.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0, "the service ended, and connections are still in use"
    assert overheard.untrue == [], "\n".join(overheard.untrue[:5])


@contextmanager
def served_in_own_words(backend: str, folder: Path, own: str) -> Iterator[Served]:
    """The coffee shop's service with a wire file of the retailer's own."""
    file = folder / "own.toml"
    file.write_text(own, encoding="utf-8")
    with shop_on(backend, folder) as shop, served(shop, read_names(file)) as made:
        yield made
