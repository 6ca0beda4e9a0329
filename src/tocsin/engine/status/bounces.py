"""What comes of a mail that came back: it is counted, and in the end nobody is written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.status import bounces as rules
from tocsin.interfaces.arrivals import Bounce
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx

# A report that names more than this is of no mail of ours, which has one recipient.
_MOST = 1000


def failed(tx: Tx, address: str, *, final: bool, answer: str, now: datetime) -> None:
    """A mail to an address did not arrive; on every page it is one address."""
    known = stored.standing(tx, address)
    if known is None:
        return
    after = rules.failed(known, final=final, now=now)
    if after != known:
        stored.save_standing(tx, address, after, answer=answer, now=now)


@dataclass(frozen=True)
class Returns:
    """Hears what mail servers and providers tell of mails that came back."""

    secret: bytes

    def __call__(self, tx: Tx, told: Sequence[Bounce], now: datetime) -> None:
        """Count them. What is about nobody that we know is about nobody."""
        for one in told[:_MOST]:
            for address in self._addresses(tx, one):
                failed(tx, address, final=one.final, answer=one.answer, now=now)

    def _addresses(self, tx: Tx, told: Bounce) -> list[str]:
        if told.address:
            return [told.address]
        ids = {rules.returned_of(self.secret, one) for one in told.returned_to}
        found = [stored.get(tx, one) for one in sorted(ids - {""})]
        return [one.address for one in found if one is not None]
