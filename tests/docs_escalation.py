"""Writes the diagram of docs/response/escalation.md from the transition table."""

import re
from pathlib import Path

from tocsin.core.pages.escalation_steps import TRANSITIONS

PAGE = Path(__file__).parents[1] / "docs/response/escalation.md"
BEGIN, END = "<!-- made from core/pages/escalation_steps.py -->", "<!-- end -->"


def diagram() -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    for event, states in TRANSITIONS.items():
        words = re.sub(r"(?<!^)(?=[A-Z])", " ", event.__name__).lower()
        for state, leads in states.items():
            for after in leads:
                arrows.setdefault((state.value, after.value), []).append(words)
    lines = [
        f"    {a} --> {b}: {', '.join(words)}"
        for (a, b), words in sorted(arrows.items())
    ]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> open",
            *lines,
            "    resolved --> [*]",
            "```",
        ]
    )


def current() -> str:
    text = PAGE.read_text()
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)].strip()


if __name__ == "__main__":
    text = PAGE.read_text()
    PAGE.write_text(
        text[: text.index(BEGIN) + len(BEGIN)]
        + "\n"
        + diagram()
        + "\n"
        + text[text.index(END) :]
    )
