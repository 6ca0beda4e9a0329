"""The hypothesis board of a room: cards made and moved; what they say of the state."""

from datetime import timedelta

from msgspec.structs import replace

from tocsin.core.incidents import hypotheses as rules
from tocsin.core.incidents import incidents as incident_rules
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.hypotheses import Hypothesis
from tocsin.core.incidents.incidents import State, entry
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.store import hypotheses as stored

_LONGEST = 1000


def propose(
    scene: Scene,
    statement: str,
    *,
    prediction: str = "",
    test: str = "",
    owner: str = "",
    within: timedelta | None = None,
    change: int = 0,
) -> Outcome:
    """A new card: what we think it is, what we would see, how to test it."""
    statement = statement.strip()[:_LONGEST]
    if not statement:
        return refused(scene, "statement: expected what you think the cause is")
    if owner and scene.directory.person(owner) is None:
        return refused(scene, f"owner: {owner} is nobody who is known")
    card = Hypothesis(
        statement, prediction.strip()[:_LONGEST], test.strip()[:_LONGEST],
        owner or scene.by.person, scene.by.person, scene.now, scene.now,
        due_at=scene.now + within if within else None, change=change,
    )  # fmt: skip
    number = stored.insert(scene.tx, scene.incident.number, card)
    said = f"Hypothesis: {statement}"
    if card.prediction:
        said += f". If true we will see {card.prediction}"
    data = {"hypothesis": number, "state": card.state}
    made = entry(EntryKind.HYPOTHESIS, said, scene.by, now=scene.now, data=data)
    return Outcome(scene.incident, (made,), made=number)


def move(
    scene: Scene, card_id: int, state: str, *, finding: str = "", fix: str = ""
) -> Outcome:
    """A card goes on; a supported one identifies the cause, a refuted one undoes that."""
    cards = stored.of_incident(scene.tx, scene.incident.number)
    known = next((card for card in cards if card.id == card_id), None)
    if known is None:
        return refused(scene, "There is no hypothesis with this number.")
    moved = rules.moved(known, state, finding=finding, fix=fix, now=scene.now)
    if isinstance(moved, str):
        return refused(scene, moved)
    stored.save(scene.tx, moved)
    said = f"Hypothesis {state}: {moved.statement}"
    if finding.strip():
        said += f". {finding.strip()}"
    if fix.strip():
        said += f". Fix: {fix.strip()}"
    data = {"hypothesis": card_id, "state": state}
    made = entry(EntryKind.HYPOTHESIS, said, scene.by, now=scene.now, data=data)
    done = Outcome(scene.incident, (made,), made=card_id)
    others = [card for card in cards if card.id != card_id]
    return _followed(scene, done, moved, others)


def _followed(
    scene: Scene, done: Outcome, card: Hypothesis, others: list[Hypothesis]
) -> Outcome:
    """What a card means for the incident's state (domain 5.1)."""
    state = scene.incident.state
    to, why = None, ""
    if card.state == "supported" and state in (State.DECLARED, State.INVESTIGATING):
        to = State.IDENTIFIED
    supported = any(one.state in ("supported", "acted") for one in others)
    if card.state == "refuted" and state is State.IDENTIFIED and not supported:
        to, why = State.INVESTIGATING, f"refuted: {card.statement}"
    if to is None:
        return done
    ruling = incident_rules.advanced(
        scene.incident, to, scene.by, now=scene.now, reason=why
    )
    if ruling.refused:
        return done
    return replace(
        done, incident=ruling.incident, entries=(*done.entries, *ruling.entries)
    )
