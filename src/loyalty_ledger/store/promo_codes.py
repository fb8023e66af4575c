"""Promo codes of lists, as keyed hashes: added in batches, never changed."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.bulk import insert_rows
from loyalty_ledger.store.records import Conflict
from loyalty_ledger.store.schema import promo_code

_AT_ONCE, _ROWS_AT_ONCE = 500, 5_000


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


def batches_of(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, str]:
    """The batches of those among these that are known."""
    found: dict[bytes, str] = {}
    for start in range(0, len(digests), _AT_ONCE):
        wanted = promo_code.c.digest.in_(digests[start : start + _AT_ONCE])
        rows = connection.execute(select(promo_code).where(wanted))
        found.update((bytes(row.digest), row.batch) for row in rows)
    return found
