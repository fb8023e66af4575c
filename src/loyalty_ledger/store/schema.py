"""The tables of a ledger.

No foreign keys and no order of text but by code point, so that every database, and a database
spread over nodes, holds them alike.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# SQLite numbers rows by a column that is called exactly INTEGER.
_Position = BigInteger().with_variant(Integer(), "sqlite")
_Text = Text().with_variant(Text(collation="C"), "postgresql")

events = Table(
    "events",
    metadata,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("stream", _Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("name", _Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("stream", "version", name="events_stream_version"),
)
"""The log. `recorded_at` is in microseconds since 1970; `body` is hashed as it stands."""

event_customer = Table(
    "event_customer",
    metadata,
    Column("customer_id", _Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Every customer an event concerns."""

head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)
"""One row: the lock of all writers, the last position, and where the hash chain goes on."""

tracking = Table(
    "tracking",
    metadata,
    Column("reader", _Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far each reader of the log has come."""

requests = Table(
    "requests",
    metadata,
    Column("client_id", _Text, primary_key=True),
    Column("store_id", _Text, primary_key=True),
    Column("request_id", _Text, primary_key=True),
    Column("fingerprint", _Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""The first answer to each request."""

snapshots = Table(
    "snapshots",
    metadata,
    Column("stream", _Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state_version", _Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""States of streams, to be rebuilt at will."""

personal = Table(
    "personal",
    metadata,
    Column("customer_id", _Text, primary_key=True),
    Column("field", _Text, primary_key=True),
    Column("reference", _Text, primary_key=True),
    Column("value", _Text, nullable=False),
)
"""Personal data, beside the log so that it can be erased."""

catalog_item = Table(
    "catalog_item",
    metadata,
    Column("hash", _Text, primary_key=True),
    Column("sku", _Text, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("brand", _Text),
    Column("categories", _Text, nullable=False),
)
"""The items of every catalog, under the digest of the whole; categories are a JSON list."""

promo_code = Table(
    "promo_code",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("batch", _Text, nullable=False),
    sqlite_with_rowid=False,
)
"""The codes of lists as keyed hashes, each with the batch that it came in."""

given_up = Table(
    "given_up",
    metadata,
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
)
"""Commits that were told not to be stored while they might still arrive: they are not written."""

nonces = Table(
    "nonce",
    metadata,
    Column("key_id", _Text, primary_key=True),
    Column("nonce", _Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("nonce_until", "until"),
)
"""Nonces of signed requests, each as long as its request could be sent again."""

key_uses = Table(
    "key_use",
    metadata,
    Column("key_id", _Text, primary_key=True),
    Column("used_at", BigInteger, nullable=False),
)
"""When each key of the service was last used, exact to a minute or so."""
