"""The spine: people, schedules, policies, services, alerts, runs, pages.

Instants are microseconds (store/instants.py). Small objects that are always read
whole are JSON text. `due_at` columns are the durable timers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite numbers rows by itself only in a column of exactly this type.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.BigInteger


def _id() -> sa.Column[int]:
    return sa.Column("id", ID, primary_key=True, autoincrement=True)


def _name() -> sa.Column[str]:
    return sa.Column("name", sa.Text, primary_key=True)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _at(name: str, *, needed: bool = True) -> sa.Column[int]:
    return sa.Column(name, AT, nullable=not needed)


def upgrade() -> None:
    """Create every table of the first release."""
    _preparation()
    _detection()
    _response()
    _people_at_the_door()


def downgrade() -> None:
    """There is nothing before the first release."""


def _preparation() -> None:
    op.create_table("meta", sa.Column("key", sa.Text, primary_key=True), _text("value"))
    op.create_table("people", _name(), _text("role", "responder"), _text("data"))
    op.create_table("teams", _name(), _text("zone"), _text("data", "{}"))
    op.create_table(
        "memberships",
        sa.Column("team", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
    )
    op.create_table("schedules", _name(), _text("team"), _text("zone"), _text("data"))
    op.create_table(
        "overrides", _id(), _text("schedule"), _text("rotation"), _text("kind"),
        _text("person"), _text("other"), _at("starts_at"), _at("ends_at"),
        _text("author"), _at("made_at"),
    )  # fmt: skip
    op.create_table("leaves", _id(), _text("person"), _at("starts_at"), _at("ends_at"))
    op.create_table("policies", _name(), _text("team"), _text("data"))
    # What a run was begun with; one row per distinct content.
    op.create_table(
        "policy_versions",
        _id(),
        sa.Column("digest", sa.Text, unique=True),
        _text("data"),
    )
    op.create_table(
        "services", _name(), _text("team"), _text("policy"), _text("data", "{}")
    )
    op.create_table(
        "integrations", _id(),
        sa.Column("name", sa.Text, nullable=False, unique=True), _text("type"),
        _text("service"), sa.Column("key", sa.Text, nullable=False, unique=True),
        _text("settings", "{}"), _number("paused"), _at("last_event_at", needed=False),
    )  # fmt: skip


def _detection() -> None:
    op.create_table(
        "inbox", _id(), _number("integration"), _at("at"), _text("path"),
        _text("headers", "{}"), sa.Column("body", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_index("inbox_at", "inbox", ["at"])
    # What could not be read, for the integration's owner; never deleted by a sender.
    op.create_table(
        "rejects", _id(), _number("integration"), _at("at"), _number("status"),
        _text("reason"), _text("path"), _text("headers", "{}"),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_index("rejects_integration", "rejects", ["integration", "id"])
    op.create_table(
        "alerts",
        sa.Column("number", ID, primary_key=True, autoincrement=False),
        _number("integration"), _text("key"), _number("current", "1"),
        _text("service"), _text("status"), _number("severity"), _text("title"),
        _text("labels", "{}"), _text("details", "{}"), _text("link"),
        _number("episode", "1"), _number("count", "1"), _at("first_at"),
        _at("last_at"), _at("last_trigger_at", needed=False),
        _at("last_resolve_at", needed=False), _at("expires_at", needed=False),
        _at("resolved_at", needed=False), _text("resolve_reason"), _text("acked_by"),
        _at("acked_at", needed=False), _text("suppressed_by"),
        _at("snoozed_until", needed=False), _text("last_event_id"), _number("raw"),
    )  # fmt: skip
    # The dedup key: at most one alert of a key is the current one.
    op.create_index(
        "alerts_key", "alerts", ["integration", "key"], unique=True,
        sqlite_where=sa.text("current = 1"), postgresql_where=sa.text("current = 1"),
    )  # fmt: skip
    open_only = sa.text("status <> 'resolved'")
    op.create_index(
        "alerts_open", "alerts", ["severity", "number"],
        sqlite_where=open_only, postgresql_where=open_only,
    )  # fmt: skip
    if op.get_bind().dialect.name == "postgresql":
        op.execute("create sequence alert_numbers")
    expiring = sa.text("expires_at is not null and status <> 'resolved'")
    op.create_index(
        "alerts_expiring", "alerts", ["expires_at"],
        sqlite_where=expiring, postgresql_where=expiring,
    )  # fmt: skip
    op.create_table(
        "tombstones",
        sa.Column("integration", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        _at("resolved_at"), _at("forget_at"),
    )  # fmt: skip
    op.create_table(
        "changes", _id(), _number("integration"), _text("service"), _at("at"),
        _text("summary"), _text("source"), _text("data", "{}"),
    )  # fmt: skip
    op.create_table(
        "heartbeats",
        sa.Column("integration", sa.BigInteger, primary_key=True),
        _at("last_ping_at"), _at("due_at", needed=False), _text("last_path"),
    )  # fmt: skip
    op.create_table(
        "silences",
        sa.Column("id", sa.Text, primary_key=True), _number("integration"),
        _text("service"), _text("matchers"), _at("starts_at"), _at("ends_at"),
        _at("updated_at"), _text("author"), _text("comment"), _number("applied"),
    )  # fmt: skip


def _response() -> None:
    # One run per alert episode still of interest: the escalation and its only timer.
    op.create_table(
        "runs",
        sa.Column("alert", ID, primary_key=True, autoincrement=False),
        _number("policy_version"), _at("due_at", needed=False), _text("state"),
        _text("data"), _number("faults"),
    )  # fmt: skip
    due = sa.text("due_at is not null")
    op.create_index(
        "runs_due", "runs", ["due_at"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "pages", _id(), _number("alert"), _number("episode"), _number("paging"),
        _text("person"), _number("rule"), _number("level"), _number("loop"),
        _text("channel"), _text("address"), _text("urgency"), _number("severity"),
        _text("why"), _text("state", "due"), _at("due_at"), _at("made_at"),
        _at("lease_until", needed=False), _number("fence"), _number("tries"),
        _text("owner"), _number("lead"), _at("ended_at", needed=False),
        sa.UniqueConstraint("alert", "episode", "paging", "person", "rule"),
    )  # fmt: skip
    pending = sa.text("state in ('due', 'sending')")
    op.create_index(
        "pages_due", "pages", ["due_at"],
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip
    op.create_index("pages_lead", "pages", ["lead"])
    # Append-only: one row per call of a provider.
    op.create_table(
        "attempts", _id(), _number("page"), _number("alert"), _text("person"),
        _text("channel"), _text("address"), _text("service"), _number("members", "1"),
        _at("started_at"), _at("ended_at", needed=False), _text("outcome"),
        _text("provider_id"), _text("answer"),
    )  # fmt: skip
    op.create_index("attempts_alert", "attempts", ["alert", "id"])
    op.create_index(
        "attempts_contact", "attempts", ["channel", "address", "started_at"]
    )
    op.create_table(
        "timeline", _id(), _number("alert"), _at("at"), _text("kind"), _text("text"),
        _text("actor"), _text("reason"), _text("data"),
    )  # fmt: skip
    op.create_index("timeline_alert", "timeline", ["alert", "id"])
    op.create_table(
        "nodes",
        sa.Column("incarnation", sa.Text, primary_key=True), _text("version"),
        _at("started_at"), _at("beat_at"),
    )  # fmt: skip
    op.create_table(
        "quarantine", _id(), _at("at"), _text("what"), _number("subject"),
        _text("error"), _number("paged"),
    )  # fmt: skip


def _people_at_the_door() -> None:
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.Text, primary_key=True), _text("person"),
        _at("expires_at"), _at("used_at", needed=False),
    )  # fmt: skip
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text, primary_key=True), _text("person"),
        _at("made_at"), _at("expires_at"),
    )  # fmt: skip
    op.create_table(
        "api_tokens",
        sa.Column("digest", sa.Text, primary_key=True), _text("person"),
        _text("label"), _at("made_at"), _at("last_used_at", needed=False),
    )  # fmt: skip
