"""Promo codes of lists, as keyed hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0002_promo_codes"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of codes: they are added in whole batches and never change."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "promo_code",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("batch", text, nullable=False),
        sqlite_with_rowid=False,
    )
