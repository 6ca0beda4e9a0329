"""Writes the files of a status page into a folder that a web server serves.

Each file is replaced at once: whoever reads gets the old one or the new one, whole.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.pagers import Receipt


class FolderPoster:
    """The channel of exported pages."""

    channel = "folder"

    def __init__(self, root: str) -> None:
        """`root` holds a folder per page."""
        self._root = Path(root)

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """Raises DeliveryFailed."""
        root = self._root / Path(to).name
        files = payload.get("files", {})
        try:
            for name, text in files.items():
                _write(root / name, text)
        except OSError as error:
            reason = f"{error.filename or root}: {error.strerror or error}"
            raise DeliveryFailed(reason, permanent=False) from None
        return Receipt(key, f"{len(files)} files")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
