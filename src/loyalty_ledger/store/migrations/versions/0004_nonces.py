"""Nonces of signed requests, until their time is over."""

import sqlalchemy as sa
from alembic import op

revision = "0004_nonces"
down_revision = "0003_append_at_once"


def upgrade() -> None:
    """Create the table of nonces; it stays as small as a few minutes' requests."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "nonce",
        sa.Column("key_id", text, primary_key=True),
        sa.Column("nonce", text, primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("nonce_until", "nonce", ["until"])
