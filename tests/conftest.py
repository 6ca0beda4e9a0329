"""Fixtures that every part of the tests shares: databases, the cast, a clock."""

from tests.peers.databases import (  # noqa: F401
    database,
    migrated_sqlite,
    postgres_server,
)
