"""What an HTTP answer to a page means: taken, refused for now, refused for good."""

from typing import Any

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import HttpAnswer

_LONGEST = 300


def refuse_unless_taken(
    answer: HttpAnswer, *secrets: str, said: str = "", retry_after: str = ""
) -> None:
    """Nothing for a 2xx, else raises DeliveryFailed.

    `said` is the provider's reason where it was read already, `retry_after` its wish in
    seconds where it stands in the body. `secrets` are blanked: a server that is not well
    may repeat what it was sent.
    """
    if 200 <= answer.status < 300:
        return
    wait = retry_after or answer.headers.get("retry-after", "")
    judged = verdict(answer.status, retry_after=wait)
    reason = f"{answer.status} {said or answer.text[:_LONGEST]}".strip()
    raise DeliveryFailed(
        without(reason, *[one for one in secrets if one])[:_LONGEST],
        permanent=judged.permanent,
        retry_after_seconds=judged.retry_after_seconds,
    )


def object_of(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        return mapping(msgspec.json.decode(answer.body))
    except msgspec.DecodeError:
        return {}


def mapping(value: object) -> dict[str, Any]:
    """A JSON object, empty where it is something else: strangers write into them."""
    return value if isinstance(value, dict) else {}
