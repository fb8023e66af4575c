"""Opening a ledger for a command: which database, which key."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from loyalty_ledger import clock
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Keyring, read_key
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store import migrate
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.records import NO_META

DEFAULT_DATABASE = "sqlite:///loyalty.db"


@dataclass(slots=True)
class Place:
    """Where a ledger lives: its database, and the file of its key."""

    database: str
    key_file: Path | None

    def engine(self) -> Engine:
        """An engine for the database."""
        try:
            return create_engine(self.database)
        except (ArgumentError, ValueError, ImportError) as error:
            raise Rejected(
                Reason.VALIDATION,
                f"{self.database!r} is no database of a ledger: write sqlite:///FILE or"
                f" postgresql://USER@HOST/NAME ({error})",
            ) from error

    @property
    def key_path(self) -> Path | None:
        """The key file, by default beside the database; None when the environment has the key."""
        if self.key_file is not None:
            return self.key_file
        if os.environ.get("LOYALTY_SECRET_KEY"):
            return None
        file = self.engine().url.database if self.database.startswith("sqlite") else None
        return Path(f"{file}.key") if file else Path("loyalty.key")

    def secret(self) -> bytes:
        """The secret key; Rejected when there is none or it is too short."""
        return read_key(self.key_path)

    @contextmanager
    def ledger(self, actor: str = "cli") -> Iterator[Ledger]:
        """The ledger that lives here. Rejected when there is none, or under another key.

        `actor` is told with the events of what it decides; of what follows from them it is nobody.
        """
        with self.database_engine() as engine:
            try:
                migrate.require_current(engine)
            except migrate.SchemaMismatch as error:
                raise Rejected(Reason.NOT_INITIALISED, str(error)) from error
            secret = self.secret()
            ledger = Ledger(engine, secret, clock.now)
            ledger.states.meta = {"actor": actor} if actor else NO_META
            ledger.administration.open(Keyring(secret).check)
            yield ledger

    @contextmanager
    def database_engine(self) -> Iterator[Engine]:
        """An engine for the database, as long as the block lasts."""
        engine = self.engine()
        try:
            yield engine
        finally:
            engine.dispose()
