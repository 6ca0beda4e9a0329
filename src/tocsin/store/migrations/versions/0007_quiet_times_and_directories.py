"""Maintenance windows, tickets of silences, and when somebody was last reached."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    op.add_column(
        "silences", sa.Column("ticket", sa.Text, nullable=False, server_default="")
    )
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Text, primary_key=True),
        # A JSON list of names of services.
        sa.Column("services", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False, server_default=""),
        # What customers may be told on a status page.
        sa.Column("public_text", sa.Text, nullable=False, server_default=""),
        # 0 before it is on open alerts, 1 while it is, 2 once it was taken off.
        sa.Column("applied", sa.BigInteger, nullable=False, server_default="0"),
        # What came and went meanwhile, told once at its end.
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("maintenance_ends", "maintenance", ["ends_at"])
    quiet = sa.text("suppressed_by <> ''")
    op.create_index(
        "alerts_quiet", "alerts", ["number"],
        sqlite_where=quiet, postgresql_where=quiet,
    )  # fmt: skip
    op.create_index("attempts_person", "attempts", ["person", "id"])
    op.create_index("audit_team", "audit", ["team", "id"])


def downgrade() -> None:
    """Restore a backup instead."""
