"""Calendars that people subscribe to, and what was published in them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    op.create_table(
        "calendars",
        sa.Column("id", sa.Text, primary_key=True),
        _text("owner"), _text("kind"), _text("name"), _text("digest"),
        _number("made_at"), sa.Column("read_at", sa.BigInteger),
        sa.UniqueConstraint("digest"),
    )  # fmt: skip
    op.create_index("calendars_owner", "calendars", ["owner"])
    op.create_table(
        "calendar_events",
        sa.Column("uid", sa.Text, primary_key=True),
        _text("schedule"), _text("rotation"), _text("person"),
        _number("start_at"), _number("end_at"), _number("sequence"),
        _number("changed_at"), _number("cancelled"),
    )  # fmt: skip
    op.create_index("calendar_events_schedule", "calendar_events", ["schedule"])
    op.create_index("calendar_events_person", "calendar_events", ["person"])
