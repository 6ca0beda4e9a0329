"""Hand-overs of a rotation, the notes and thanks; turns of round robins, response times missed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    op.create_table(
        "on_call_seen",
        sa.Column("rotation", sa.Text, primary_key=True),  # schedule/rotation
        _text("people"), _number("since"),
        # While nobody is on call: who was last, and since when they had been.
        _text("crew"), _number("crew_since"),
    )  # fmt: skip
    # Open alerts that still have to be told of a hand-over, from `reached` on.
    op.create_table(
        "on_call_moves",
        sa.Column("id", sa.Text, primary_key=True),
        _text("rotation"), _text("off_people"), _text("on_people"),
        _number("at"), _number("reached"),
    )  # fmt: skip
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Text, primary_key=True),
        _text("schedule"), _text("rotation"), _number("at"), _text("state"),
        _text("outgoing"), _text("incoming"), _number("since"),
        _text("note"), _text("noted_by"), sa.Column("noted_at", sa.BigInteger),
        _text("accepted_by"), sa.Column("accepted_at", sa.BigInteger),
        # What was open, frozen when it was accepted or had waited long enough.
        _text("facts"),
    )  # fmt: skip
    # What was ticked on somebody's checklist for a schedule, and the sign-off.
    op.create_table(
        "readiness_marks",
        sa.Column("schedule", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        _text("by_person"), _number("at"),
    )  # fmt: skip
    # Calendars of others that are read: shifts of a rotation, or somebody's leave.
    op.create_table(
        "calendar_imports",
        sa.Column("place", sa.Text, primary_key=True),
        _text("url"), _text("added_by"), _number("tried_at"),
        sa.Column("good_at", sa.BigInteger),
        _text("error"), _number("found"), _text("unknown"),
    )  # fmt: skip
    op.create_table(
        "thanks",
        sa.Column("id", sa.Text, primary_key=True),
        _text("to_person"), _text("by_person"), _text("text"), _number("at"),
    )  # fmt: skip
    # Until when a page waits for its contact's limit; it joins a message before.
    op.add_column("pages", _number("held_until"))
    held = sa.text("state = 'due' and held_until > 0")
    op.create_index(
        "pages_held", "pages", ["channel", "address"],
        sqlite_where=held, postgresql_where=held,
    )  # fmt: skip
    # How often a level of a policy (-1: its last resort) has paged somebody in turn.
    op.create_table(
        "round_robin_turns",
        sa.Column("policy", sa.Text, primary_key=True),
        sa.Column("level", sa.BigInteger, primary_key=True, autoincrement=False),
        _number("turns"),
    )
    # Alerts that nobody answered within the response time of their severity.
    op.create_table(
        "missed_targets",
        sa.Column("alert", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("episode", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("service"), _number("severity"), _number("at"),
    )  # fmt: skip
    # What a provider reported of a message before its own answer was written.
    op.create_table(
        "early_reports",
        sa.Column("provider_id", sa.Text, primary_key=True),
        _text("delivered"), _number("at"),
    )  # fmt: skip
    # The schedules that an address has held: what leaves it is cancelled there.
    op.add_column("calendars", _text("held"))
    op.create_index("missed_targets_at", "missed_targets", ["at"])
    op.create_index("missed_targets_severity", "missed_targets", ["severity"])
    op.create_index("thanks_at", "thanks", ["at"])
    # Who was paged since when is asked for loads, notes and broken nights.
    op.create_index("attempts_of_person_since", "attempts", ["person", "started_at"])
    op.create_index("handoffs_of", "handoffs", ["schedule", "rotation", "at"])
    op.create_index("handoffs_state", "handoffs", ["state", "at"])
