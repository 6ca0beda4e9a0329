"""A word to one person as a row of the outbox; nudges.py finds the way and sends it."""

from tocsin.store.outbox import Message

LANE = "nudge"
CHANNEL = "person"


def nudge(person: str, *, key: str, subject: str, text: str, url: str) -> Message:
    """A word to one person, to be put into the outbox; the same key is said once."""
    payload = {"person": person, "subject": subject, "text": text, "url": url}
    return Message(lane=LANE, channel=CHANNEL, target=person, key=key, payload=payload)
