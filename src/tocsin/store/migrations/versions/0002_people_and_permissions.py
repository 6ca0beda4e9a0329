"""People, credentials, permissions: who may do what, and the record of who did.

Every secret is a digest or sealed text (`store/sealing.py`); instants are microseconds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.BigInteger


def _id() -> sa.Column[int]:
    return sa.Column("id", ID, primary_key=True, autoincrement=True)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def _at(name: str, *, needed: bool = True) -> sa.Column[int]:
    return sa.Column(name, AT, nullable=not needed)


def upgrade() -> None:
    """Add tables and columns only; what release 0.1 wrote stays as it is."""
    _the_record()
    _the_door()
    _the_api()
    _reach()


def downgrade() -> None:
    """Restore a backup instead; the record of changes is never dropped."""


def _the_record() -> None:
    # Hash-chained: `mac` covers the row and the mac before it.
    op.create_table(
        "audit", _id(), _at("at"), _text("actor"), _text("via"), _text("address"),
        _text("action"), _text("noun"), _text("name"), _text("team"),
        _text("before"), _text("after"), _text("mac"),
    )  # fmt: skip
    op.create_index("audit_object", "audit", ["noun", "name", "id"])
    op.create_index("audit_actor", "audit", ["actor", "id"])


def _the_door() -> None:
    op.create_table(
        "passwords",
        sa.Column("person", sa.Text, primary_key=True), _text("hash"), _at("made_at"),
    )  # fmt: skip
    op.create_table(
        "passkeys",
        sa.Column("credential", sa.Text, primary_key=True), _text("person"),
        _text("public_key"), _number("sign_count"), _text("label"), _at("made_at"),
        _at("last_used_at", needed=False),
    )  # fmt: skip
    op.create_index("passkeys_person", "passkeys", ["person"])
    # Who an identity provider says somebody is.
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        _text("person"), _at("made_at"), _at("last_used_at", needed=False),
    )  # fmt: skip
    op.create_index("identities_person", "identities", ["person"])
    # One step of something that takes several: a passkey's challenge, a visit to an
    # identity provider. Used once.
    op.create_table(
        "flows",
        sa.Column("digest", sa.Text, primary_key=True), _text("kind"),
        _text("person"), _text("data", "{}"), _at("made_at"), _at("expires_at"),
    )  # fmt: skip
    op.create_index("flows_expires", "flows", ["expires_at"])
    for column in (
        # What the link is good for: sign-in, invite, reset, verify.
        _text("purpose", "sign-in"),
        _text("data", "{}"),
    ):
        op.add_column("sign_in_links", column)
    for column in (
        sa.Column("id", sa.Text, nullable=True),
        _text("how", "link"),
        _text("address"),
        _text("agent"),
        _at("seen_at", needed=False),
    ):
        op.add_column("sessions", column)
    op.create_index("sessions_person", "sessions", ["person"])
    op.create_table(
        "emergency_codes",
        sa.Column("digest", sa.Text, primary_key=True), _text("person"),
        _at("made_at"), _at("used_at", needed=False),
    )  # fmt: skip


def _the_api() -> None:
    for column in (
        sa.Column("id", sa.Text, nullable=True),
        # Words of core/people/permissions.Scope, separated by spaces.
        _text("scopes", "admin"),
        _text("team"),
        _at("expires_at", needed=False),
        _text("last_address"),
        _text("made_by"),
    ):
        op.add_column("api_tokens", column)
    op.create_index("api_tokens_person", "api_tokens", ["person"])
    op.create_table(
        "idempotency",
        sa.Column("digest", sa.Text, primary_key=True), _at("at"), _number("status"),
        _text("content_type"), sa.Column("body", sa.LargeBinary, nullable=False),
    )  # fmt: skip
    op.create_index("idempotency_at", "idempotency", ["at"])
    # What a directory service calls our people and teams (RFC 7643).
    op.create_table(
        "scim",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        _text("name"), _text("external_id"), _number("active", "1"),
        _text("data", "{}"), _at("made_at"), _at("changed_at"),
    )  # fmt: skip
    op.create_index("scim_name", "scim", ["kind", "name"], unique=True)


def _reach() -> None:
    # A contact of a person that answered a code; sealed like the address itself.
    op.create_table(
        "contact_checks",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        _text("code"), _number("tries"), _at("sent_at", needed=False),
        _at("verified_at", needed=False),
    )  # fmt: skip
