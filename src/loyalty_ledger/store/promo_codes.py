"""Promo codes of lists, as keyed hashes: added in batches, never changed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.bulk import insert_rows
from loyalty_ledger.store.records import Conflict
from loyalty_ledger.store.schema import promo_code

_AT_ONCE = 500


def add_batch(connection: Connection, batch: str, digests: Iterable[bytes]) -> None:
    """Add a batch of codes, given ascending; Conflict when one of them is there already."""
    try:
        insert_rows(connection, promo_code, ((digest, batch) for digest in digests))
    except IntegrityError as error:
        raise Conflict("streams", message="a promo code is there already") from error


def batches_of(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, str]:
    """The batches of those among these that are known."""
    found: dict[bytes, str] = {}
    for start in range(0, len(digests), _AT_ONCE):
        wanted = promo_code.c.digest.in_(digests[start : start + _AT_ONCE])
        rows = connection.execute(select(promo_code).where(wanted))
        found.update((bytes(row.digest), row.batch) for row in rows)
    return found
