"""Brings a database, new or filled, to the schema of this release.

Alembic and SQLAlchemy are imported only when there is something to do: they cost a
third of the start-up time.
"""

from pathlib import Path

from tocsin.store.database import Database, StoreError

HEAD = "0012"


def version(database: Database) -> str:
    """The schema version in the database, "" when it is empty."""
    try:
        row = database.read(
            lambda tx: tx.one("select version_num from alembic_version")
        )
    except StoreError:
        return ""
    return str(row[0]) if row else ""


def is_current(database: Database) -> bool:
    """Whether `migrate` has nothing to do."""
    return version(database) == HEAD


def migrate(url: str, *, to: str = HEAD) -> None:
    """Upgrade the database at `url` (sqlite:///… or postgresql://…) to a schema.

    Raises StoreError with what to do when the database is newer than this program.
    """
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations"))
    )
    engine = sa.create_engine(_sqlalchemy_url(url))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            connection.commit()
    except (CommandError, sa.exc.SQLAlchemyError) as error:
        message = (
            f"the database could not be brought to schema {HEAD}: {error}. If it was "
            "written by a newer release, run that release or restore a backup"
        )
        raise StoreError(message) from error
    finally:
        engine.dispose()


def _sqlalchemy_url(url: str) -> str:
    if url.startswith("postgresql://"):
        return "postgresql+psycopg://" + url.removeprefix("postgresql://")
    return url
