"""Updates: inside at once; outside when the commander approves (domain 5.4)."""

from msgspec.structs import replace

from tocsin.core.incidents import revisions
from tocsin.core.incidents.cadence import following
from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.incidents.incidents import OVER, entry
from tocsin.core.incidents.updates import BadUpdate
from tocsin.core.incidents.updates_written import Update, of_block, problems
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.store import updates as stored

_LONGEST = 4000


def write(scene: Scene, update: Update, *, key: str = "") -> Outcome:
    """A new update. An external one waits for the commander, unless they wrote it."""
    if scene.incident.state in OVER:
        return refused(scene, f"{scene.incident.name} is over.")
    update = replace(
        update,
        body=update.body.strip()[:_LONGEST],
        author=scene.by.person,
        made_at=scene.now,
    )
    found = problems(update)
    if found:
        return refused(scene, found[0])
    if update.next_at is not None and update.next_at <= scene.now:
        return refused(scene, "next_at: expected a time in the future")
    is_inside = update.audience == "internal"
    approved = is_inside or scene.commander == scene.by.person
    if not approved and not scene.commander:
        said = "Nobody commands yet: take the commander's role to approve what goes outside."
        return refused(scene, said)
    update = replace(update, state="published" if approved else "proposed")
    if approved:
        update = replace(
            update,
            published_at=scene.now,
            decided_by="" if is_inside else scene.by.person,
        )
    number = stored.insert(scene.tx, scene.incident.number, update, key=key)
    if number == 0:
        return refused(scene, "This update was sent already.")
    update = replace(update, id=number)
    return _published(scene, update) if approved else _proposed(scene, update)


def write_block(scene: Scene, text: str, update: Update, *, key: str = "") -> Outcome:
    """The same from a whole `[UPDATE]` text; `update` says for whom."""
    try:
        read = of_block(
            text, zone=scene.incident.zone, author=scene.by.person,
            audience=update.audience, stage=update.stage, now=scene.now,
        )  # fmt: skip
    except BadUpdate as error:
        return refused(scene, f"block: {error}")
    more = replace(read, components=update.components, channels=update.channels)
    return write(scene, more, key=key)


def decide(scene: Scene, update_id: int, *, approve: bool, reason: str = "") -> Outcome:
    """The commander lets an external update out, or not."""
    known = stored.get(scene.tx, scene.incident.number, update_id)
    if known is None:
        return refused(scene, "There is no update with this number.")
    if known.state != "proposed":
        return refused(scene, f"This update is {known.state} already.")
    if not scene.commander or scene.commander != scene.by.person:
        who = scene.commander or "nobody yet"
        return refused(scene, f"The commander approves what goes outside ({who}).")
    if not approve:
        rejected = replace(known, state="rejected", decided_by=scene.by.person)
        stored.save(scene.tx, rejected)
        said = f"{scene.by.person} did not approve the update of {known.author}"
        said += f": {reason.strip()}" if reason.strip() else "."
        made = entry(
            EntryKind.NOTE, said, scene.by, now=scene.now, data={"update": known.id}
        )
        return Outcome(scene.incident, (made,), made=known.id)
    if known.next_at is not None and known.next_at <= scene.now:
        return refused(
            scene, "The next update that it promises is in the past; write it anew."
        )
    update = replace(
        known, state="published", decided_by=scene.by.person, published_at=scene.now
    )
    stored.save(scene.tx, update)
    return _published(scene, update)


def _proposed(scene: Scene, update: Update) -> Outcome:
    said = f"{scene.by.person} proposes to tell customers: {update.body}"
    made = entry(
        EntryKind.NOTE, said, scene.by, now=scene.now, data={"update": update.id}
    )
    return Outcome(scene.incident, (made,), update=update, made=update.id)


def _published(scene: Scene, update: Update) -> Outcome:
    is_inside = update.audience == "internal"
    kind = EntryKind.UPDATE_INTERNAL if is_inside else EntryKind.UPDATE_EXTERNAL
    made = Entry(
        scene.now, scene.now, kind, update.body, update.author, scene.by.source,
        visibility="room" if is_inside else "public",
        data={
            "update": update.id,
            "stage": update.stage,
            "impact": update.impact,
            "team": update.team,
            "approved_by": update.decided_by,
            "next_at": update.next_at.isoformat() if update.next_at else "",
        },
    )  # fmt: skip
    incident = scene.incident
    if incident.is_open:
        promised = following(incident.severity, sent=scene.now, promised=update.next_at)
        incident = revisions.promised(incident, promised)
    return Outcome(incident, (made,), update=update, made=update.id)
