"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "document",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("digest", name="uq_document_digest"),
    )
    op.create_table(
        "scan",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("infrastructure", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("inventory", sa.Integer, sa.ForeignKey("document.id"), nullable=False),
        sa.Column("reference", sa.Integer, sa.ForeignKey("document.id"), nullable=False),
        sa.CheckConstraint("state in ('running', 'complete')", name="state"),
    )
    op.create_index("ix_scan_infrastructure", "scan", ["infrastructure"])
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("observed_at", sa.DateTime, nullable=False),
        sa.Column("channel", sa.String(32)),
        sa.Column("platform", sa.String(16)),
        sa.Column("failure_kind", sa.String(32)),
        sa.Column("failure_sentence", sa.String),
        sa.Column("notes", sa.String, nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("milliseconds", sa.String, nullable=False),
        sa.UniqueConstraint("scan", "host", name="uq_visit_scan"),
    )
    op.create_table(
        "visit_section",
        sa.Column("visit", sa.Integer, sa.ForeignKey("visit.id"), primary_key=True),
        sa.Column("document", sa.Integer, sa.ForeignKey("document.id"), primary_key=True),
    )
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("scan", sa.Integer, sa.ForeignKey("scan.id"), nullable=False),
        sa.Column("rules_digest", sa.String(16), nullable=False),
        sa.Column("tool_version", sa.String(32), nullable=False),
    )
    op.create_index("ix_judgement_scan", "judgement", ["scan"])
    op.create_table(
        "subject",
        sa.Column("judgement", sa.Integer, sa.ForeignKey("judgement.id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("facts", sa.Integer, sa.ForeignKey("document.id")),
        sa.Column("portrait", sa.Integer, sa.ForeignKey("document.id")),
        sa.Column("findings", sa.Integer, sa.ForeignKey("document.id"), nullable=False),
        sa.CheckConstraint("kind in ('host', 'environment', 'infrastructure')", name="kind"),
    )
