"""Incidents: the room, its words to the outside, what is learned from it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# SQLite numbers rows by itself only in a column of exactly this type.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, ID, primary_key=True, autoincrement=True)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _at(name: str, *, needed: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=not needed)


def upgrade() -> None:
    """Add only; what earlier releases wrote stays as it is."""
    _room()
    _changes()
    _outbox()
    _status_pages()
    _reviews()
    _chat()


def _changes() -> None:
    # A change that is sent twice is one; null, of which there may be many, is no id.
    op.add_column("changes", sa.Column("event_id", sa.Text, nullable=True))
    op.create_index(
        "changes_event", "changes", ["integration", "event_id"], unique=True
    )


def _room() -> None:
    op.create_table(
        "incidents",
        _id("number"), _text("title"), _number("severity"), _text("state"),
        _number("private"), _number("drill"), _text("zone", "UTC"), _text("team"),
        _text("services", "[]"), _text("impact", "{}"), _text("summary", "{}"),
        # When it was detected, declared, … as a JSON object of microseconds.
        _text("times", "{}"),
        _at("next_update_at", needed=False),
        # The only timer: when the next reminder is due.
        _at("due_at", needed=False), _text("reminded", "{}"),
        _text("bridge"), _number("duplicate_of"), _number("recurrence_of"),
        _text("declared_by"), _at("made_at"), _number("version", "1"),
        # A declaration that is sent twice is one.
        sa.Column("key", sa.Text, nullable=True, unique=True),
    )  # fmt: skip
    due = sa.text("due_at is not null")
    op.create_index(
        "incidents_due", "incidents", ["due_at"], sqlite_where=due, postgresql_where=due
    )
    op.create_index("incidents_state", "incidents", ["state", "number"])
    op.create_table(
        "incident_alerts",
        sa.Column("alert", sa.BigInteger, primary_key=True, autoincrement=False),
        _number("incident"), _at("at"), _text("by"),
    )  # fmt: skip
    op.create_index("incident_alerts_incident", "incident_alerts", ["incident"])
    op.create_table(
        "entries", _id(), _number("incident"), _at("occurred_at"),
        _at("recorded_at"), _text("kind"), _text("author"), _text("source"),
        _text("visibility", "room"), _text("text"), _text("data", "{}"),
        _number("supersedes"),
        # Written once, however often it is sent.
        sa.Column("key", sa.Text, nullable=True),
        sa.UniqueConstraint("incident", "key"),
    )  # fmt: skip
    op.create_index("entries_incident", "entries", ["incident", "id"])
    op.create_table(
        "holdings", _id(), _number("incident"), _text("role"), _text("person"),
        _text("state"), _text("offered_by"), _at("offered_at"),
        _at("since", needed=False), _at("until", needed=False),
    )  # fmt: skip
    op.create_index("holdings_incident", "holdings", ["incident", "id"])
    op.create_table(
        "tasks", _id(), _number("incident"), _text("text"), _text("assignee"),
        _text("state", "open"), _at("due_at", needed=False), _text("made_by"),
        _at("made_at"), _at("done_at", needed=False), _number("reminded"),
    )  # fmt: skip
    op.create_index("tasks_incident", "tasks", ["incident", "id"])
    op.create_index("tasks_assignee", "tasks", ["assignee", "state"])
    op.create_table(
        "hypotheses", _id(), _number("incident"), _text("statement"),
        _text("prediction"), _text("test"), _text("owner"), _text("state"),
        _text("finding"), _text("fix"), _at("due_at", needed=False),
        _text("made_by"), _at("made_at"), _at("changed_at"), _number("change"),
    )  # fmt: skip
    op.create_index("hypotheses_incident", "hypotheses", ["incident", "id"])
    op.create_table(
        "updates", _id(), _number("incident"), _text("audience"), _text("stage"),
        _text("body"), _text("impact"), _text("team"), _at("next_at", needed=False),
        _text("components", "{}"), _text("channels", "[]"), _text("state"),
        _text("author"), _at("made_at"), _text("decided_by"),
        _at("published_at", needed=False), _text("key"),
    )  # fmt: skip
    op.create_index("updates_incident", "updates", ["incident", "id"])
    op.create_table(
        "ticks",
        sa.Column("incident", sa.BigInteger, primary_key=True, autoincrement=False),
        _key("step"), _text("by"), _at("at"), _text("result", "done"),
    )  # fmt: skip


def _outbox() -> None:
    # What goes out and pages nobody: chat, status pages, bulk mail, posts, webhooks.
    op.create_table(
        "outbox", _id(), _text("lane"), _text("channel"), _text("target"),
        # One message of a key, however often it is written.
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _text("payload", "{}"), _number("incident"), _text("state", "due"),
        # It is tried until long after `wanted_at`, when it was first to go.
        _at("due_at"), _at("wanted_at"), _at("made_at"),
        _at("lease_until", needed=False),
        _number("fence"), _number("tries"), _text("owner"), _text("answer"),
        _text("provider_id"), _at("ended_at", needed=False),
    )  # fmt: skip
    pending = sa.text("state in ('due', 'sending')")
    op.create_index(
        "outbox_due", "outbox", ["lane", "due_at", "id"],
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip
    # Whether something earlier waits for the same place.
    op.create_index(
        "outbox_order", "outbox", ["lane", "channel", "target", "id"],
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip
    op.create_index("outbox_ended", "outbox", ["state", "ended_at"])
    op.create_index("outbox_incident", "outbox", ["incident", "id"])


def _status_pages() -> None:
    # Configured like services; `data` is the document.
    op.create_table("status_pages", _key("name"), _text("team"), _text("data", "{}"))
    # What each component was, from when: the 90 days of a page.
    op.create_table(
        "component_states", _id(), _text("page"), _text("component"), _text("state"),
        _at("since"), _at("until", needed=False), _number("incident"),
        _number("maintenance"),
    )  # fmt: skip
    op.create_index(
        "component_states_page", "component_states", ["page", "component", "since"]
    )
    op.create_table(
        "subscribers", _key("id"), _text("page"), _text("kind", "email"),
        _text("address"), _text("components", "[]"), _text("state", "pending"),
        _text("digest"), _at("made_at"), _at("confirmed_at", needed=False),
        _at("ended_at", needed=False), _number("bounces"), _at("bounced_at", needed=False),
        _text("last_answer"),
        sa.UniqueConstraint("page", "kind", "address"),
    )  # fmt: skip
    op.create_index("subscribers_page", "subscribers", ["page", "state", "id"])
    # Where a fan-out to many subscribers stands: it is resumed here.
    op.create_table(
        "mailings", _id(), _text("page"), _number("update_id"), _text("reached"),
        _text("state", "due"), _at("due_at"), _at("made_at"), _number("sent"),
        sa.UniqueConstraint("page", "update_id"),
    )  # fmt: skip


def _reviews() -> None:
    op.create_table(
        "postmortems",
        sa.Column("incident", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("state", "draft"), _text("owner"), _text("reviewer"),
        _text("sections", "[]"), _text("waived"), _number("version", "1"),
        _at("drafted_at"), _at("changed_at"), _at("reviewed_at", needed=False),
        _at("closed_at", needed=False), _text("dismissed", "[]"),
    )  # fmt: skip
    op.create_table(
        "action_items", _key("id"), _number("incident"), _text("text"),
        _text("owner"), _text("due"), _at("due_at", needed=False),
        _text("priority"), _text("type"), _text("ticket"), _text("data", "{}"),
        _text("state", "open"), _text("proof"), _at("made_at"),
        _at("done_at", needed=False), _at("remind_at", needed=False),
        _number("position"),
    )  # fmt: skip
    op.create_index("action_items_incident", "action_items", ["incident", "position"])
    remind = sa.text("remind_at is not null")
    op.create_index(
        "action_items_remind", "action_items", ["remind_at"],
        sqlite_where=remind, postgresql_where=remind,
    )  # fmt: skip


def _chat() -> None:
    op.create_table(
        "chat_channels", _id(), _number("incident"), _text("provider"),
        _text("channel"), _text("name"), _text("url"), _text("state", "wanted"),
        _text("cursor"), _at("made_at"), _number("told"),
        sa.UniqueConstraint("incident", "provider"),
    )  # fmt: skip
    op.create_index("chat_channels_place", "chat_channels", ["provider", "channel"])
    # What was said there and is an entry here, or the other way round.
    op.create_table(
        "chat_messages", _key("provider"), _key("channel"), _key("message"),
        _number("incident"), _number("entry"), _at("at"),
    )  # fmt: skip


def downgrade() -> None:
    """Restore a backup instead."""
