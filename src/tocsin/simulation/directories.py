"""The configuration as simulated processes load it: each version is built once.

A version is written by the world, in a transaction without faults, so that it means the
same to every process and in each of its lives.
"""

from tocsin.core.directory import Directory
from tocsin.engine.directories import Directories
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class SharedDirectories(Directories):
    """One process's, which takes from the others what they have built."""

    def __init__(self, built: dict[int, Directory]) -> None:
        super().__init__()
        self._built = built

    def current(self, tx: Tx) -> Directory:
        """The configuration of this transaction's moment."""
        self._held = self._built.get(stored.version(tx))
        if self._held is None:
            self._held = stored.load(tx)
            self._built[self._held.version] = self._held
        return self._held
