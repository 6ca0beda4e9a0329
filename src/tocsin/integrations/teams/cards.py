"""Adaptive Cards 1.4 as a workflow of Teams posts them, of plain runs of text."""

from collections.abc import Sequence
from typing import Any

_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_CARD = "application/vnd.microsoft.card.adaptive"
_BODY = dict[str, Any]


def line(text: str, **look: object) -> _BODY:
    """A plain run: nothing in it is read as markup or a mention."""
    run = {"type": "TextRun", "text": text, **look}
    return {"type": "RichTextBlock", "inlines": [run]}


def message(lines: Sequence[_BODY], actions: Sequence[_BODY] = ()) -> _BODY:
    """The card with these lines, and buttons below them."""
    card: _BODY = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": list(lines),
    }
    if actions:
        card["actions"] = list(actions)
    attachment = {"contentType": _CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
