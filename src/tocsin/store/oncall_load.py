"""When people were paged, for what being on call asked of them."""

from collections.abc import Iterable
from datetime import datetime

from tocsin.core.directory import TRIAL
from tocsin.core.oncall.shift_pages import Paged
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros

# Each alert of a message counts, each message once however often it was tried; a test
# page that somebody sent themselves asked nothing of them.
_PAGED = (
    "select p.alert, min(a.started_at), min(t.service), min(p.made_at) "
    "from attempts a join pages p on p.lead = a.page and p.person = a.person join alerts t on t.number = p.alert "
    "and t.service not like :trial where a.person = :person and a.started_at >= :since "
    "and a.outcome = 'accepted' and a.channel <> 'canary' "
    "group by p.alert, p.episode, p.paging order by 2, 1"
)


def paged_since(
    tx: Tx, people: Iterable[str], *, since: datetime
) -> dict[str, list[Paged]]:
    """The pages that reached each of `people`, in order."""
    return {
        who: [
            Paged(from_micros(at), alert, service, from_micros(made))
            for alert, at, service, made in tx.all(
                _PAGED, person=who, since=to_micros(since), trial=f"{TRIAL}%"
            )
        ]
        for who in people
    }
