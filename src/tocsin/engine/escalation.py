"""Escalation: every event of a run goes load, decide, save. Holds no rule itself."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.pages import escalation
from tocsin.core.pages.escalation import (
    Decision,
    Event,
    Policy,
    Reason,
    Run,
    Turns,
    after_turns,
)
from tocsin.core.pages.escalation_steps import step
from tocsin.core.severity import Severity, Urgency
from tocsin.engine.transaction import carry_out
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import turns as stored_turns
from tocsin.store.database import Tx

# A chain of "unreachable, so the next level now" is as long as a policy at most.
_MOST_LEVELS = 64


def resolver(directory: Directory, *, now: datetime) -> escalation.OnCall:
    """Who a target means at `now`."""
    return lambda target: directory.meant(target, now=now)


def turns_of(tx: Tx, policy: Policy) -> Turns:
    """The counts of the policy's round robins, for showing what comes."""
    return stored_turns.of(tx, [policy.name])[policy.name] if policy.rings else {}


def apply(
    tx: Tx, alert: Alert, event: Event, *, directory: Directory, now: datetime
) -> Decision | None:
    """Step the run of `alert` with `event` and write what was decided.

    None when the alert has no run, or a damaged one: that is quarantined when its
    timer goes off, and must not stop people or sources from answering meanwhile.
    """
    stored = stored_runs.get(tx, alert.number)
    if stored is None:
        return None
    try:
        policy = stored_runs.policy_of(tx, stored.policy_version)
        run = stored_runs.run_of(stored)
    except msgspec.DecodeError:
        return None
    return _step(
        tx, alert, policy, run, event,
        version=stored.policy_version, directory=directory, now=now,
    )  # fmt: skip


def _step(
    tx: Tx,
    alert: Alert,
    policy: Policy,
    run: Run,
    event: Event,
    *,
    version: int,
    directory: Directory,
    now: datetime,
) -> Decision:
    on_call = resolver(directory, now=now)

    def held() -> Turns:
        return stored_turns.hold(tx, {policy.name: policy.rings})[policy.name]

    def carry(decision: Decision) -> tuple[str, ...]:
        return carry_out(
            tx, alert, decision,
            policy=policy.name, policy_version=version, directory=directory, now=now,
        )  # fmt: skip

    def urgency(severity: Severity) -> Urgency:
        return directory.urgency(alert.service, severity, now=now)

    return decide(
        policy, run, event,
        now=now, on_call=on_call, turns=held, urgency=urgency, carry=carry,
    )  # fmt: skip


# long because: the same question twice, for an event and for what follows it.
def decide(
    policy: Policy,
    run: Run,
    event: Event,
    *,
    now: datetime,
    on_call: escalation.OnCall,
    turns: Callable[[], Turns],
    urgency: escalation.UrgencyOf,
    carry: Callable[[Decision], tuple[str, ...]],
) -> Decision:
    """Step `run` with `event`; the first decision of what followed.

    `carry` carries each decision out and says who of its people nothing can reach. The
    engine's writes it, a dry run's notes it: so both are the same decisions. `turns`
    holds the counts of the policy's round robins; asked for once one is paged.
    """
    counts: Turns | None = None

    def stepped(run: Run, event: Event) -> Decision:
        nonlocal counts
        known = counts or {}
        decision = step(
            policy, run, event, now=now, on_call=on_call, turns=known, urgency=urgency
        )
        if not decision.turns:
            return decision
        if counts is None:
            # Which event pages a round robin only the rules can say: an answer, a
            # silence or an end does not, and must not wait for who holds the counts. A
            # step changes nothing, so it is taken again with the true counts.
            counts = turns()
            decision = step(
                policy, run, event,
                now=now, on_call=on_call, turns=counts, urgency=urgency,
            )  # fmt: skip
        counts = after_turns(counts, decision.turns)
        return decision

    first = decision = stepped(run, event)
    for _ in range(_MOST_LEVELS):
        unreachable = carry(decision)
        if not unreachable or decision.reason is Reason.REFUSED:
            break
        # People without any contact method are nobody: the next level runs now.
        event = escalation.Unreachable(unreachable, paging=decision.run.pagings)
        decision = stepped(decision.run, event)
    return first


def begin(
    tx: Tx, alert: Alert, policy: Policy, *, directory: Directory, now: datetime
) -> None:
    """A new run for a reopened alert; its first level is paged by the loop's next step.

    A new alert's run is begun in bulk by engine/alerts.py.
    """
    version = stored_runs.policy_version(tx, policy)
    asked = directory.answer_by(alert.service, alert.severity, now=now)
    run = escalation.pending(alert.severity, now=now, answer_by=asked)
    if alert.suppressed_by:
        run = escalation.held(run, now=now)
    stored_runs.save(tx, alert.number, run, version=version)


class Advanced(Struct, frozen=True):
    """How many due runs were looked at, how many left, and which rows are poison."""

    stepped: int
    left: int
    poison: list[tuple[int, str]]


class _Due(Struct, frozen=True):
    """A run whose timer went off, and what it is stepped with."""

    version: int
    alert: Alert
    policy: Policy
    run: Run


def advance_due(tx: Tx, *, directory: Directory, now: datetime, limit: int) -> Advanced:
    """Step runs whose timer went off."""
    due = stored_runs.due(tx, now=now, limit=limit)
    alerts = stored_alerts.get_many(tx, [stored.alert for stored in due])
    poison: list[tuple[int, str]] = []
    sound: list[_Due] = []
    for stored in due:
        alert = alerts.get(stored.alert)
        try:
            policy = stored_runs.policy_of(tx, stored.policy_version)
            run = stored_runs.run_of(stored)
        except msgspec.DecodeError as error:
            poison.append((stored.alert, str(error)))
            continue
        if alert is None:
            poison.append((stored.alert, "the run's alert is missing"))
            continue
        sound.append(_Due(stored.policy_version, alert, policy, run))
    free = _free_to_step(tx, sound)
    for one in free:
        decision = _step(
            tx, one.alert, one.policy, one.run, escalation.Ticked(),
            version=one.version, directory=directory, now=now,
        )  # fmt: skip
        if decision.reason in (Reason.ACK_TIMED_OUT, Reason.SNOOZE_ENDED):
            _let_go(tx, one.alert.number)
    for number, _ in poison:
        stored_runs.put_off(tx, number, until=now + timedelta(minutes=1))
    left = len(sound) - len(free)
    return Advanced(len(due) - left, left, poison)


def _free_to_step(tx: Tx, due: Sequence[_Due]) -> list[_Due]:
    """Those whose round robins nobody else pages now; the others are due still.

    Many runs are locked here, by age. Who waited with them for counts that are held by
    who waits for one of the runs would wait for ever: so nobody waits here.
    """
    rings: dict[str, set[int]] = {}
    for one in due:
        if one.policy.rings:
            rings.setdefault(one.policy.name, set()).update(one.policy.rings)
    had = stored_turns.hold_free(tx, rings)
    return [one for one in due if not one.policy.rings or one.policy.name in had]


def _let_go(tx: Tx, number: int) -> None:
    """Nobody has the alert any more, so that whoever is paged now may take it."""
    alert = stored_alerts.get(tx, number)
    assert alert is not None
    awake = rules.wake(alert)
    freed = rules.unacknowledge(awake)
    stored_alerts.save(tx, awake if isinstance(freed, rules.Refused) else freed)
