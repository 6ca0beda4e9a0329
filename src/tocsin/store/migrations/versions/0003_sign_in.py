"""When somebody last proved who they are, and mail addresses that answered.

Instants are microseconds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add only; sessions from before count as confirmed when they were made."""
    op.add_column("sessions", sa.Column("confirmed_at", sa.BigInteger, nullable=True))
    op.create_index("sessions_id", "sessions", ["id"])
    op.create_index("sign_in_links_person", "sign_in_links", ["person"])
    op.create_index("emergency_codes_person", "emergency_codes", ["person"])
    op.create_table(
        "verified_emails",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Restore a backup instead."""
