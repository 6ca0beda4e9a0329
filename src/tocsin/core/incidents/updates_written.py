"""Updates that were written in an incident: inside at once, outside once approved."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.incidents import updates

AUDIENCES = ("internal", "external")
STAGES = ("investigating", "identified", "monitoring", "resolved", "update")
COMPONENT_STATES = (
    "operational", "degraded", "partial_outage", "major_outage", "maintenance",
)  # fmt: skip


class Update(Struct, frozen=True):
    """One update. `state` is published, proposed (waits for the commander) or rejected.

    `components` maps "page/component" to its state; `channels` names where an external
    one goes besides the status pages (mastodon, bluesky, x, mail).
    """

    audience: str
    stage: str
    body: str
    author: str
    made_at: datetime
    impact: str = ""
    team: str = ""
    next_at: datetime | None = None
    components: Mapping[str, str] = {}
    channels: tuple[str, ...] = ()
    state: str = "published"
    decided_by: str = ""
    published_at: datetime | None = None
    id: int = 0


def problems(update: Update) -> list[str]:
    """What is wrong with it, each with its field and what was expected."""
    found = []
    if update.audience not in AUDIENCES:
        found.append(f"audience: expected one of {', '.join(AUDIENCES)}")
    if update.stage not in STAGES:
        found.append(f"stage: expected one of {', '.join(STAGES)}")
    if not update.body.strip():
        found.append("body: expected what people should know now")
    if "{" in update.body or "}" in update.body:
        found.append("body: expected every field in braces to be filled")
    for component, state in update.components.items():
        if state not in COMPONENT_STATES:
            expected = ", ".join(COMPONENT_STATES)
            found.append(f"components.{component}: expected one of {expected}")
    return found


def as_block(update: Update, *, zone: str) -> str:
    """The `[UPDATE]` block of an update, with times in the incident's zone."""
    said = update.published_at or update.made_at
    at = said.replace(second=0, microsecond=0)
    eta = None
    if update.next_at is not None and update.next_at > said:
        # Whole minutes that are left: nobody reads a later time than was promised.
        minutes = (update.next_at - said) // timedelta(minutes=1)
        eta = timedelta(minutes=max(1, minutes))
    return updates.render(
        updates.Update(at, zone, update.body, update.impact, update.team, eta)
    )


def of_block(
    text: str, *, zone: str, author: str, audience: str, stage: str, now: datetime
) -> Update:
    """An update from its `[UPDATE]` block. Raises BadUpdate."""
    read = updates.parse(text, zone=zone, now=now)
    rest = "".join(f"\n{key}: {value}" for key, value in read.others)
    return Update(
        audience=audience,
        stage=stage,
        body=read.body + rest,
        author=author,
        made_at=now,
        impact=read.impact,
        team=read.team,
        next_at=read.next_update_at,
    )
