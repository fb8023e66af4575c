"""When each key of the service was last used."""

import sqlalchemy as sa
from alembic import op

revision = "0005_key_uses"
down_revision = "0004_nonces"


def upgrade() -> None:
    """Create the table of last uses: a row for each key."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "key_use",
        sa.Column("key_id", text, primary_key=True),
        sa.Column("used_at", sa.BigInteger, nullable=False),
    )
