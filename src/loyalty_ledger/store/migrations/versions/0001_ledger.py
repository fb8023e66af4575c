"""The ledger: its log, and what stands beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_EMPTY_DIGEST = bytes(32)


def upgrade() -> None:
    """Create every table of the ledger and the one row of the head."""
    _create_log()
    _create_answers()
    _create_states()
    if op.get_bind().dialect.name == "postgresql":
        _store_bodies_fast()


def _text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _create_log() -> None:
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("position", position, primary_key=True, autoincrement=False),
        sa.Column("stream", _text(), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name", _text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("stream", "version", name="events_stream_version"),
    )
    op.create_table(
        "event_customer",
        sa.Column("customer_id", _text(), primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "position": 0, "digest": _EMPTY_DIGEST, "recorded_at": 0}])


def _create_answers() -> None:
    op.create_table(
        "tracking",
        sa.Column("reader", _text(), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("client_id", _text(), primary_key=True),
        sa.Column("store_id", _text(), primary_key=True),
        sa.Column("request_id", _text(), primary_key=True),
        sa.Column("fingerprint", _text(), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def _create_states() -> None:
    op.create_table(
        "snapshots",
        sa.Column("stream", _text(), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("state_version", _text(), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "personal",
        sa.Column("customer_id", _text(), primary_key=True),
        sa.Column("field", _text(), primary_key=True),
        sa.Column("reference", _text(), primary_key=True),
        sa.Column("value", _text(), nullable=False),
    )
    op.create_table(
        "catalog_item",
        sa.Column("hash", _text(), primary_key=True),
        sa.Column("sku", _text(), primary_key=True),
        sa.Column("name", _text(), nullable=False),
        sa.Column("brand", _text()),
        sa.Column("categories", _text(), nullable=False),
    )


def _store_bodies_fast() -> None:
    """Compressing bodies the default way takes longer than writing them.

    Not every server has the faster way; it goes on without.
    """
    op.execute("ALTER TABLE snapshots ALTER COLUMN body SET STORAGE EXTERNAL")
    op.execute(
        """
        DO $$ BEGIN
            EXECUTE 'ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4';
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END $$
        """
    )
