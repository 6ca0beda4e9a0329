"""Rows of a CSV file (RFC 4180) in which no cell is a formula.

Source: OWASP ASVS 5.0 1.2.10. A spreadsheet runs what begins with = + - @, a tab or a
line break, also in their full width and behind blanks; such a cell gets an apostrophe in
front, which spreadsheets show as text.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def row(values: Iterable[object]) -> str:
    """One line with its CR LF; every cell is quoted."""
    return ",".join(cell(value) for value in values) + "\r\n"


def cell(value: object) -> str:
    """One quoted cell; times are UTC, nothing is an empty cell."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    elif value is None:
        text = ""
    else:
        text = str(value)
        if not isinstance(value, int | float):
            text = _harmless(text.replace("\0", ""))
    return '"' + text.replace('"', '""') + '"'


def _harmless(text: str) -> str:
    # "'" is looked through as well: a spreadsheet may strip one that was there before.
    bare = text.lstrip(" \u00a0\u200b\ufeff'\"")
    if text.startswith(_BEGINS_FORMULA) or bare.startswith(_BEGINS_FORMULA):
        return "'" + text
    return text
