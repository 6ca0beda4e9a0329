"""The condition of an alert rule, read far enough to refuse nonsense (domain 4.1).

Rules are stored in this release and evaluated from the Detection release on.
"""

import re

from tocsin.core.durations import BadDuration, parse

_OPERAND = r"[a-z_][a-z0-9_]*(?:\{[^}]*\})?(?:\([^)]*\))?"
_LITERAL = (
    r"-?\d+(?:\.\d+)?\s*(?:%|/s|ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)?"
)
_CONDITION = re.compile(
    rf"\s*(?P<left>{_OPERAND}|\w+\([^)]*\))"
    r"(?:\s+by\s+\([^)]*\))?(?:\s+over\s+\d+\s*\w+)?"
    rf"\s*(?P<operator>>=|<=|==|!=|>|<)\s*(?P<right>{_LITERAL}|{_OPERAND})"
    r"(?:\s+for\s+(?P<for>\d+\s*\w+))?(?:\s+keep\s+\d+\s*\w+)?"
    r"(?:\s+nodata\s+(?:keep|ok|alert))?\s*\Z",
    re.IGNORECASE,
)
_RATIOS = ("error_rate", "availability", "saturation")
_ACTIONS = ("page on-call", "create incident", "open ticket", "ignore")
EXPECTED = "a comparison such as 'error_rate > 0.05 for 5 minutes'"


def condition_problem(text: str) -> str:
    """What is wrong with a condition, "" when it can be read."""
    if re.search(r"\bany spike\b", text, re.IGNORECASE):
        return "a threshold (AL01: 'any spike' has none; a dashboard shows spikes)"
    parts = re.split(r"\s+(?:and|or|unless)\s+", text, flags=re.IGNORECASE)
    for part in parts:
        found = _CONDITION.match(part)
        if found is None:
            return EXPECTED
        problem = _literal_problem(found["left"], found["right"])
        if problem:
            return problem
        if found["for"]:
            try:
                parse(found["for"])
            except BadDuration as error:
                return str(error)
    return ""


def action_problem(text: str) -> str:
    """What is wrong with an action, "" when it is one."""
    word = " ".join(text.lower().split())
    if word == "ignore":
        return "a rule that does something (AL01: one that is ignored can be deleted)"
    if word in _ACTIONS or word.startswith("notify "):
        return ""
    return "Page on-call, Create incident, Open ticket or Notify CHANNEL"


def _literal_problem(left: str, right: str) -> str:
    ratio = left.lower().split("{")[0] in _RATIOS
    number = re.match(r"-?\d+(?:\.\d+)?", right)
    if number is None:
        return ""
    unit = right[number.end() :].strip()
    if ratio and not unit and float(number[0]) > 1:
        return f"a ratio of at most 1; did you mean {number[0]}%?"
    if left.lower().startswith(("p50", "p90", "p95", "p99")) and not unit:
        return f"a latency with its unit, such as {number[0]}s"
    return ""
