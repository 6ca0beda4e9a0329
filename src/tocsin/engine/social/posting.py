"""Published external updates become posts; nothing else ever does.

An update names the networks that it goes to. It is published when the commander has
approved it (engine/incidents/updates.py), and only then does this hear of it.
"""

from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import By, entry
from tocsin.core.status import social as rules
from tocsin.engine.incidents.scene import Happened
from tocsin.engine.paging import Sent
from tocsin.store import entries as stored_entries
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message, Outgoing

LANE = "social"
_OURSELVES = By("engine", "engine")


@dataclass(frozen=True)
class SocialFollower:
    """`link` is what every post ends with: the address of the status page."""

    link: str

    def __call__(self, tx: Tx, happened: Happened) -> None:
        """Write a post for each network that a published external update names."""
        update, incident = happened.update, happened.after
        if update is None or update.audience != "external" or incident.drill:
            return
        if update.state != "published":
            return
        assert update.published_at is not None
        messages = [
            Message(
                lane=LANE,
                channel=network,
                target=network,
                key=f"social:{network}:{incident.number}:{update.id}",
                payload={
                    "text": rules.draft(network, update.body, link=self.link).text,
                    "at": update.published_at.isoformat(),
                },
                incident=incident.number,
            )
            for network in dict.fromkeys(update.channels)
            if network in rules.NETWORKS
        ]
        outbox.put(tx, messages, now=happened.now)


class SocialClerk:
    """Of the lane `social`: each post answers the one before, and the log says so."""

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """With the posts before it of this incident, which it continues."""
        before = [
            one.provider_id
            for one in outbox.of_incident(tx, message.incident)
            if one.lane == LANE
            and one.channel == message.channel
            and one.state == "accepted"
            and one.provider_id
            and one.id < message.id
        ]
        more: dict[str, object] = {"doubtful": message.tries > 1}
        if before:
            more |= {"root": before[0], "parent": before[-1]}
        return replace(message, payload={**message.payload, **more})

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """What became of a post is said in the log of its incident."""
        if state not in ("accepted", "failed"):
            return
        name = rules.TITLES.get(message.channel, message.channel)
        said = (
            f"Posted on {name}: {sent.answer}"
            if state == "accepted"
            else f"The post on {name} failed: {sent.answer}"
        )
        made = entry(
            EntryKind.ACTION, said, _OURSELVES, now=now,
            key=f"{message.key}:{state}:{message.fence}",
        )  # fmt: skip
        stored_entries.append(tx, message.incident, [made])
