"""What still rings somewhere is called off once somebody answered elsewhere.

A call that waits or rings, and an app that repeats itself, wake people for nothing then.
Written with the answer and sent by the outbox, so that it never holds up a page.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.core.pages.paging import RINGING, RINGS_FOR
from tocsin.engine.receipts import is_wanted
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.pagers import Pager, Recallable, Receipt
from tocsin.store import attempts, outbox
from tocsin.store import paging as stored_pages
from tocsin.store.attempts import Ringing
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

LANE = "recall"
CHANNEL = "recall"


def call_off(
    tx: Tx, alert: int, *, now: datetime, persons: Sequence[str] | None = None
) -> None:
    """What rings about `alert`, of everyone or of `persons`.

    Not where the same message tells of another alert that is still to be answered.
    """
    found = attempts.ringing(tx, alert, sorted(RINGING), since=now - RINGS_FOR)
    written = [
        _message(one)
        for one in found
        if (persons is None or one.person in persons)
        and not _tells_of_more(tx, one.page, alert)
    ]
    outbox.put(tx, written, now=now)


def after_answer(tx: Tx, page: int, *, now: datetime) -> None:
    """The provider took the message of `page` just now, when nobody needed it any more."""
    pages = stored_pages.of_lead(tx, page)
    if any(is_wanted(tx, one) for one in pages):
        return
    for alert in {one.alert for one in pages}:
        call_off(tx, alert, now=now, persons=[one.person for one in pages])


def _tells_of_more(tx: Tx, lead: int, alert: int) -> bool:
    return any(
        one.alert != alert and is_wanted(tx, one)
        for one in stored_pages.of_lead(tx, lead)
    )


def _message(one: Ringing) -> Message:
    return Message(
        lane=LANE,
        channel=CHANNEL,
        target=one.provider_id,
        key=f"recall:{one.id}",
        payload={
            "by": one.channel,
            "person": one.person,
            "subject": f"No more {one.channel} to {one.person}: it is answered",
        },
    )


class RecallPoster:
    """The channel `recall`: asks the pager that sent a message to call it off."""

    channel = CHANNEL

    def __init__(self, pagers: Callable[[], Mapping[str, Pager]]) -> None:
        self._pagers = pagers

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """`to` is the provider's id. Raises DeliveryFailed, DeliveryUnknown."""
        by = str(payload["by"])
        pager = self._pagers().get(by)
        if not isinstance(pager, Recallable):
            raise DeliveryFailed(f"{by} cannot call anything off", permanent=True)
        return Receipt(to, pager.recall(to, timeout_seconds=timeout_seconds))
