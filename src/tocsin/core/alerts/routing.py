"""From a source's own word to a severity (domain 3.3, last paragraph)."""

from collections.abc import Mapping

from tocsin.core.alerts.alerts import AlertEvent
from tocsin.core.severity import Severity

_CRITICAL = ("critical", "crit", "p1", "fatal", "emergency")
_WORDS: Mapping[str, Severity | None] = {
    **dict.fromkeys(_CRITICAL, Severity.SEV2),
    **dict.fromkeys(("sev1",), Severity.SEV1),
    **dict.fromkeys(("sev2",), Severity.SEV2),
    **dict.fromkeys(("error", "high", "p2", "sev3", "major"), Severity.SEV3),
    **dict.fromkeys(
        ("warning", "warn", "p3", "sev4", "minor", "medium"), Severity.SEV4
    ),
    **dict.fromkeys(("info", "p4", "p5", "ok", "none", "debug", "low"), None),
}


def severity_of(
    event: AlertEvent,
    mapping: Mapping[str, str] | None,
    *,
    may_declare_sev1: bool = False,
) -> tuple[Severity | None, bool]:
    """The severity of `event` and whether its word was known.

    A rule's own severity wins. `mapping` is the integration's table, word to "SEV1" …
    "SEV4" or "none". None means recorded without an alert. An unknown word is SEV3
    (the owner sees a finding); no word at all is SEV2, "always assume the worst".
    "critical" and its like are SEV2, SEV1 only where the integration may declare one.
    """
    if event.severity is not None:
        return event.severity, True
    word = event.level.strip().lower()
    if mapping:
        named = {key.strip().lower(): value for key, value in mapping.items()}.get(word)
        if named is not None:
            return _WORDS.get(named.strip().lower(), Severity.SEV3), True
    if not word:
        return Severity.SEV2, True
    if word in _CRITICAL and may_declare_sev1:
        return Severity.SEV1, True
    if word in _WORDS:
        return _WORDS[word], True
    return Severity.SEV3, False
