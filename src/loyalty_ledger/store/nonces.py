"""Nonces of signed requests: each is good once, in however many processes, across restarts."""

from datetime import datetime

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.instants import to_micros
from loyalty_ledger.store.schema import nonces


def use(engine: Engine, key_id: str, nonce: str, until: datetime, now: datetime) -> bool:
    """Use it up, and remember that until then; False when it was used before.

    What is to be remembered no longer is forgotten by the way.
    """
    try:
        with for_writing(engine).begin() as connection:
            connection.execute(delete(nonces).where(nonces.c.until < to_micros(now)))
            row = {"key_id": key_id, "nonce": nonce, "until": to_micros(until)}
            connection.execute(insert(nonces).values(row))
    except IntegrityError:
        return False
    return True
