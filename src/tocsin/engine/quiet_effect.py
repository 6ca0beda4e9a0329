"""What a silence or a maintenance window would keep quiet, told before it is made."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.alerts import silences
from tocsin.core.alerts.alerts import Alert
from tocsin.core.alerts.silences import Silence
from tocsin.store import alert_lists
from tocsin.store.database import Tx

LOOKS_BACK = timedelta(days=7)
_SHOWN = 5
# More alerts than this in a week are counted no further.
_MOST = 20_000


class Effect(Struct, frozen=True):
    """Open alerts it covers now, and alerts of the last 7 days it would have covered."""

    now: int
    now_shown: tuple[Alert, ...]
    week: int
    week_shown: tuple[Alert, ...]
    # Whether the week held more alerts than were looked at.
    is_cut: bool = False


def of_silence(
    tx: Tx, silence: Silence, *, hidden: Collection[str], now: datetime
) -> Effect:
    """What its matchers cover, whatever its times."""
    return _effect(
        tx,
        lambda alert: silences.covers(silence, alert.labels, service=alert.service),
        hidden,
        now=now,
    )


def of_services(
    tx: Tx, services: Collection[str], *, hidden: Collection[str], now: datetime
) -> Effect:
    """What maintenance of `services` covers."""
    return _effect(tx, lambda alert: alert.service in services, hidden, now=now)


def _effect(
    tx: Tx,
    covers: Callable[[Alert], bool],
    hidden: Collection[str],
    *,
    now: datetime,
) -> Effect:
    def is_meant(alert: Alert) -> bool:
        return bool(alert.integration) and alert.service not in hidden and covers(alert)

    current = [one for one in alert_lists.open_alerts(tx) if is_meant(one)]
    recent, is_cut = alert_lists.since(tx, now - LOOKS_BACK, most=_MOST)
    week = [one for one in recent if is_meant(one)]
    return Effect(
        len(current),
        tuple(current[:_SHOWN]),
        len(week),
        tuple(week[:_SHOWN]),
        is_cut,
    )
