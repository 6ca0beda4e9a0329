"""Writes one Decision: state, timeline, timer and pages, in the caller's transaction.

The only place where what a rule decided becomes rows. Nothing is sent from here.
"""

from datetime import datetime

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory, is_trial
from tocsin.core.oncall.growing import shadows_of
from tocsin.core.pages import escalation, paging
from tocsin.core.pages.escalation import Decision, Paging
from tocsin.core.people.people import Person
from tocsin.core.timeline import Fact, FactKind
from tocsin.core.wallclock import zone_named
from tocsin.engine import recalls
from tocsin.engine.nudging import nudge
from tocsin.store import escalation as stored_runs
from tocsin.store import outbox, response_targets, timeline
from tocsin.store import paging as stored_pages
from tocsin.store import turns as stored_turns
from tocsin.store.database import Tx


def carry_out(
    tx: Tx,
    alert: Alert,
    decision: Decision,
    *,
    policy: str,
    policy_version: int,
    directory: Directory,
    now: datetime,
) -> tuple[str, ...]:
    """Write `decision` about `alert`; returns the people who cannot be reached at all.

    Order matters within the transaction only for reading: the pages that are called
    off are those that were there before this decision's own.
    """
    stored_runs.save(tx, alert.number, decision.run, version=policy_version)
    stored_turns.take(tx, policy, decision.turns)
    if decision.missed_at is not None:
        response_targets.missed(tx, alert, at=decision.missed_at)
    if decision.revive_cancelled_since is not None:
        stored_pages.revive(tx, alert.number, since=decision.revive_cancelled_since)
    if decision.cancel is not None:
        persons = None if decision.cancel.everyone else decision.cancel.users
        stored_pages.cancel(tx, alert.number, now=now, persons=persons)
        if directory.has_ringing:
            recalls.call_off(tx, alert.number, now=now, persons=persons)
    unreachable, facts = _page(tx, alert, decision, directory=directory, now=now)
    timeline.append(tx, ((alert.number, fact) for fact in (*decision.facts, *facts)))
    _copy_to_shadows(tx, alert, decision, directory=directory, now=now)
    return unreachable


def _copy_to_shadows(
    tx: Tx, alert: Alert, decision: Decision, *, directory: Directory, now: datetime
) -> None:
    """Who follows somebody hears what they are paged for, and is asked nothing."""
    if not directory.has_shadows or is_trial(alert.service):
        return
    copies = [
        nudge(
            name,
            key=f"shadow:{alert.number}:{alert.episode}:{page.number}:{page.user}:{name}",
            subject=f"Shadow, {alert.service}: {alert.title[:120]}",
            text=f"{page.user} is paged for it in {one.rotation}. You follow that shift: "
            "look along, nothing is asked of you.",
            url=f"/alerts/{alert.number}",
        )
        for page in decision.pages
        for name, one in shadows_of(
            directory, alert.service, page.user, now=now
        ).items()
    ]
    outbox.put(tx, copies, now=now)


def _page(
    tx: Tx, alert: Alert, decision: Decision, *, directory: Directory, now: datetime
) -> tuple[tuple[str, ...], list[Fact]]:
    rows = []
    facts = []
    unreachable = []
    for page in decision.pages:
        person = directory.person(page.user)
        urgency = directory.urgency(alert.service, decision.run.severity, now=now)
        plans = paging.plan(person, page, urgency=urgency, now=now) if person else ()
        if not plans:
            unreachable.append(page.user)
            facts.append(_nobody_to_reach(page, now=now))
        if plans and person and plans[0].deferred_until is not None:
            facts.append(_deferred(page, person, plans[0].deferred_until, now=now))
        rows += [
            (alert.number, alert.episode, decision.run.severity, page, plan)
            for plan in plans
        ]
    if rows:
        stored_pages.insert(tx, rows, now=now)
    return tuple(unreachable), facts


def _deferred(page: Paging, person: Person, until: datetime, *, now: datetime) -> Fact:
    local = until.astimezone(zone_named(person.zone))
    return Fact(
        at=now,
        kind=FactKind.PAGE,
        text=(
            f"{page.user} has quiet hours: this is of low urgency and waits until "
            f"{local:%a %H:%M} ({person.zone})."
        ),
        reason="deferred",
        data={"person": page.user, "until": until.isoformat()},
    )


def _nobody_to_reach(page: Paging, *, now: datetime) -> Fact:
    return Fact(
        at=now,
        kind=FactKind.PAGE,
        text=f"{page.user} has no way to be reached; counted as nobody.",
        reason=escalation.Reason.UNREACHABLE,
        data={"person": page.user},
    )
