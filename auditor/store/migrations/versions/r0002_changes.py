"""A scan names the changes during which it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the names, none for the scans that are there."""
    op.add_column("scan", sa.Column("changes", sa.String, nullable=False, server_default="[]"))
