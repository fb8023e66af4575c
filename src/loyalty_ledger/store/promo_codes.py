"""Promo codes of lists, as keyed hashes: added in batches, never changed."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import json
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.bulk import insert_rows
from loyalty_ledger.store.records import Conflict
from loyalty_ledger.store.schema import promo_code
from loyalty_ledger.store.trip import Statement, in_one_trip

_AT_ONCE, _ROWS_AT_ONCE = 500, 5_000
_BATCHES = Statement(
    b"code_batches",
    b"""SELECT p.digest, p.batch FROM jsonb_array_elements_text($1::jsonb) AS asked(digest)
    JOIN promo_code AS p ON p.digest = decode(asked.digest, 'base64')""",
)
_encode = json.Encoder().encode


def add_batch(connection: Connection, batch: str, digests: Iterable[bytes]) -> None:
    """Add a batch of codes, given ascending; Conflict when one of them is there already."""
    try:
        insert_rows(connection, promo_code, ((digest, batch) for digest in digests))
    except IntegrityError as error:
        raise Conflict("streams", message="a promo code is there already") from error


def all_codes(engine: Engine) -> Iterator[tuple[bytes, str]]:
    """Every code with its batch by ascending digest, in constant memory."""
    after = b""
    in_order = select(promo_code).order_by(promo_code.c.digest).limit(_ROWS_AT_ONCE)
    while True:
        with engine.connect() as connection:
            rows = connection.execute(in_order.where(promo_code.c.digest > after)).all()
        for digest, batch in rows:
            after = bytes(digest)
            yield after, batch
        if len(rows) < _ROWS_AT_ONCE:
            return


def batches_of(engine: Engine, digests: Sequence[bytes]) -> dict[bytes, str]:
    """The batches of those among these that are known."""
    found: dict[bytes, str] = {}
    for start in range(0, len(digests), _AT_ONCE):
        found.update(_among(engine, digests[start : start + _AT_ONCE]))
    return found


def _among(engine: Engine, digests: Sequence[bytes]) -> Iterable[tuple[bytes, str]]:
    if engine.name == "postgresql":
        rows = in_one_trip(engine, _BATCHES, [_encode(digests)])
        return [(digest, batch.decode()) for digest, batch in rows]
    marks = ", ".join("?" * len(digests))
    query = f"SELECT digest, batch FROM promo_code WHERE digest IN ({marks})"  # noqa: S608
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.exec_driver_sql(query, tuple(digests))]
