"""The message log and the last request of an integration are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"


def upgrade() -> None:
    """Indexes only; what is stored stays as it is."""
    # The canary writes an attempt a minute, which nobody wants to leaf through.
    real = sa.text("channel <> 'canary'")
    for name, columns in (
        ("attempts_log", ["started_at", "id"]),
        ("attempts_log_person", ["person", "started_at", "id"]),
        ("attempts_log_outcome", ["outcome", "started_at", "id"]),
    ):
        op.create_index(
            name, "attempts", columns, sqlite_where=real, postgresql_where=real
        )
    op.create_index("inbox_integration", "inbox", ["integration", "id"])


def downgrade() -> None:
    """Nothing is lost with an index."""
    op.drop_index("inbox_integration", "inbox")
    for name in ("attempts_log", "attempts_log_person", "attempts_log_outcome"):
        op.drop_index(name, "attempts")
