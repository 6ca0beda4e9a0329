"""Delivery reports of attempts, and the numbers that text messages are answered by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    op.add_column(
        "attempts", sa.Column("delivered", sa.Text, nullable=False, server_default="")
    )
    op.add_column("attempts", sa.Column("delivered_at", sa.BigInteger))
    op.add_column("attempts", sa.Column("report_due_at", sa.BigInteger))
    waits = sa.text("report_due_at is not null and delivered = ''")
    op.create_index(
        "attempts_report_due", "attempts", ["report_due_at"],
        sqlite_where=waits, postgresql_where=waits,
    )  # fmt: skip
    # Of the channels that report at all: no other page pays for it.
    reports = sa.text("report_due_at is not null")
    op.create_index(
        "attempts_reported", "attempts", ["provider_id"],
        sqlite_where=reports, postgresql_where=reports,
    )  # fmt: skip
    op.create_index(
        "attempts_reported_page", "attempts", ["page"],
        sqlite_where=reports, postgresql_where=reports,
    )  # fmt: skip
    op.create_table(
        "reply_codes",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("code", sa.BigInteger, primary_key=True),
        sa.Column("page", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
