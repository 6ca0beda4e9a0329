"""Space kept back on the disk of a SQLite database, given up when the disk is full.

A full disk must not stop paging: dropping the ballast lets the engine write on while
people make room.
"""

import os
from pathlib import Path

_MIB = 1024 * 1024


class Ballast:
    """The file beside the database that holds nothing but space."""

    def __init__(self, database_path: str, *, size_mib: int) -> None:
        self._path = Path(database_path + ".ballast")
        self._size = size_mib * _MIB

    def lay(self) -> bool:
        """Take the space if it is free; whether the ballast is whole now."""
        if not self._size:
            return True
        if self.is_whole():
            return True
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def is_whole(self) -> bool:
        """Whether all of the space is held."""
        return not self._size or (
            self._path.exists() and self._path.stat().st_size == self._size
        )

    def drop(self) -> bool:
        """Give the space back; whether there was any."""
        existed = self._path.exists()
        self._path.unlink(missing_ok=True)
        return existed
