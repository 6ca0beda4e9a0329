"""People who ask others to take hours of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    op.create_table(
        "cover_requests",
        sa.Column("id", sa.Text, primary_key=True),
        _text("schedule"), _text("rotation"), _text("person"),
        _number("start_at"), _number("end_at"), _text("why"), _text("state"),
        _text("taker"), _text("override_id"), _number("made_at"),
        sa.Column("ended_at", sa.BigInteger),
        # A swap: only that person is asked, for those hours of theirs.
        _text("of_person"), _number("back_start_at"), _number("back_end_at"),
    )  # fmt: skip
    op.create_index("cover_requests_state", "cover_requests", ["state", "start_at"])
