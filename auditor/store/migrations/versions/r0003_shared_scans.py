"""A running scan can be shared by the collectors of several zones."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table, empty, as no scan is shared yet; and what lets PostgreSQL remove documents quickly."""
    op.create_table(
        "shared_scan",
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("identity", sa.String(255), nullable=False),
        sa.Column("ends_at", sa.DateTime, nullable=False),
        sa.Column("digest_key", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("identity", name="uq_shared_scan_identity"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_visit_section_document", "visit_section", ["document"])
        for column in ("facts", "portrait", "findings"):
            op.create_index(f"ix_subject_{column}", "subject", [column])
