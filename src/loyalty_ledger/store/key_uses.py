"""When each key of the service was last used: kept beside the log, exact to a minute or so."""

from datetime import datetime

from sqlalchemy import Engine, select

from loyalty_ledger.store.bulk import upsert_rows
from loyalty_ledger.store.engine import for_writing
from loyalty_ledger.store.instants import from_micros, to_micros
from loyalty_ledger.store.schema import key_uses


def note(engine: Engine, key_id: str, at: datetime) -> None:
    """The key was used at that moment."""
    with for_writing(engine).begin() as connection:
        upsert_rows(connection, key_uses, [(key_id, to_micros(at))])


def last(engine: Engine) -> dict[str, datetime]:
    """When each key that was ever used was used last, by its id."""
    with engine.connect() as connection:
        rows = connection.execute(select(key_uses.c.key_id, key_uses.c.used_at))
        return {key_id: from_micros(used_at) for key_id, used_at in rows}
