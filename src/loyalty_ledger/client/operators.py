"""What operators ask: how it stands, the program, keys, views, exports.

What makes a secret or starts long work is not asked again by itself when no answer comes.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from loyalty_ledger.client import shapes
from loyalty_ledger.client.call import Call, When, given, moment

_ROOT = "/admin/v1"
Document = Mapping[str, Any]


def _admin(method: str, path: str, **more: Any) -> Call[Any]:
    return Call(family="admin", method=method, path=f"{_ROOT}{path}", **more)


def status() -> Call[shapes.Status]:
    """Positions, lags, what waits and what failed."""
    return _admin("GET", "/status")


def metrics() -> Call[str]:
    """The figures of the service, as Prometheus reads them."""
    return Call(family="admin", method="GET", path="/metrics", form="text")


def export(what: str, **when: Unpack[When]) -> Call[list[dict[str, Any]]]:
    """Every customer's `balances`, `levels` or `movements`, or the `events`, row by row."""
    return _admin("GET", f"/export/{what}", query=moment(when), form="lines")


def show_program(version: int | None = None) -> Call[dict[str, Any]]:
    """A published version of the program; the newest if none is named."""
    return _admin("GET", "/program", query=moment({}, version=version))


def publish_program(document: Document) -> Call[shapes.Published]:
    """Publish the document as the next version; the one in force once more changes nothing."""
    return _admin("POST", "/program", body=document)


def diff_program(document: Document, version: int | None = None) -> Call[shapes.Differences]:
    """What differs between a published version and the document."""
    return _admin("POST", "/program/diff", body=document, query=moment({}, version=version))


def load_stores(
    stores: Sequence[Mapping[str, Any]], *, confirmed: bool = False
) -> Call[shapes.Loaded]:
    """Replace the list of stores, whole."""
    return _admin("POST", "/stores", body={"stores": stores, "confirmed": confirmed})


def load_catalog(
    items: Sequence[Mapping[str, Any]], *, for_store: str | None = None, confirmed: bool = False
) -> Call[shapes.Loaded]:
    """Replace a catalog of at most 10,000 items, whole: of a store, or of all without their own."""
    body = given(for_store=for_store) | {"items": items, "confirmed": confirmed}
    return _admin("POST", "/catalog", body=body)


def list_keys() -> Call[shapes.Keys]:
    """Every key there was."""
    return _admin("GET", "/keys")


def create_key(
    name: str,
    scope: str,
    *,
    store_id: str | None = None,
    expires_at: str | None = None,
    per_second: int = 0,
    signed: bool = False,
) -> Call[shapes.NewKey]:
    """Make a key; its secret is shown once."""
    body = given(name=name, scope=scope, store_id=store_id) | given(
        expires_at=expires_at, per_second=per_second, signed=signed
    )
    return _admin("POST", "/keys", body=body, again=False)


def rotate_key(key_id: str, *, former_until: str | None = None) -> Call[shapes.NewKey]:
    """Give a key a new secret, shown once; the old one stays good until then."""
    body = given(former_until=former_until)
    return _admin("POST", f"/keys/{key_id}/rotate", body=body, again=False)


def revoke_key(key_id: str) -> Call[shapes.Key]:
    """End a key; twice changes nothing."""
    return _admin("DELETE", f"/keys/{key_id}")


def projections() -> Call[shapes.Views]:
    """Where every view stands."""
    return _admin("GET", "/projections")


def rebuild_projection(name: str) -> Call[shapes.Job]:
    """Start building a view anew beside the live one."""
    return _admin("POST", f"/projections/{name}/rebuild", again=False)


def verify() -> Call[shapes.Job]:
    """Start checking every law of the ledger."""
    return _admin("POST", "/verify", again=False)


def job(job_id: str) -> Call[shapes.Job]:
    """How far a job is, and what it came to."""
    return _admin("GET", f"/jobs/{job_id}")
