"""Rows named by their numbers, in a statement whose text is the same for all of them.

A text of its own for each list would be prepared for each list, and that costs many
times what the answer does.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from tocsin.store.database import Tx


def by_number(tx: Tx, column: str, numbers: Iterable[int]) -> tuple[str, Any]:
    """A condition on `column`, and the value of its `:numbers`."""
    if tx.dialect == "sqlite":
        listed = msgspec.json.encode(list(numbers)).decode()
        return f"{column} in (select value from json_each(:numbers))", listed
    return f"{column} = any(:numbers)", list(numbers)
