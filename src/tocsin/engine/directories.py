"""The configuration as every transaction sees it, loaded again when it has changed."""

from tocsin.core.directory import Directory
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class Directories:
    """Holds the newest Directory that a transaction has seen."""

    def __init__(self) -> None:
        self._held: Directory | None = None

    def current(self, tx: Tx) -> Directory:
        """The configuration of this transaction's moment."""
        held = self._held
        if held is None or stored.version(tx) != held.version:
            held = stored.load(tx)
            self._held = held
        return held

    def forget(self) -> None:
        """After a transaction that was rolled back: it may have loaded what never was."""
        self._held = None

    def seen(self) -> Directory | None:
        """The newest one that was loaded, without asking the database."""
        return self._held
