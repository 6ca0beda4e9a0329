"""Providers that fail in every way we know, and tell the truth only to the observer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown, TocsinError
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.simulation.company import CHANNELS, NAMES
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import MINUTE, SECOND, Call
from tocsin.simulation.stage import Stage

_TIMEOUT = 10 * SECOND
# The channel whose provider says what became of a message, and how long that may take.
REPORTING = "ntfy"
REPORT_WITHIN = 45 * SECOND
# The channels of the outbox.
POSTED = ("person", "matrix", "page", "mastodon", "mail")


@dataclass(frozen=True, slots=True)
class Outage:
    """A provider, or everything of one person, fails from `start` to `end`."""

    what: str
    start: int
    end: int
    how: str  # temporary | permanent | unknown


@dataclass(slots=True)
class Fate:
    """What becomes of one call."""

    outcome: str
    taken: bool
    took: int
    why: str
    retry_after: int = 0


class Caller(Protocol):
    """The process that calls."""

    index: int
    life: int


class Providers:
    """The outside systems of one outage and their bad hours."""

    def __init__(
        self, world: Stage, arrive: Callable[[Call, PageMessage], None]
    ) -> None:
        self._world = world
        self._arrive = arrive
        self._outages: list[Outage] = []
        self._refused: dict[str, bool] = {}

    def plan(self, chaos: int) -> None:
        """Draw this seed's bad hours; all end with the chaos."""
        world = self._world
        dice, faults = world.dice, world.faults
        if faults.has(Fault.PROVIDER_DOWN):
            for channel in dice.sample(CHANNELS, dice.choice((1, 1, 2, 3))):
                self._add(Fault.PROVIDER_DOWN, channel, chaos, ("temporary", "unknown"))
        if faults.has(Fault.PHONE_OFF):
            name = dice.choice(NAMES)
            self._add(
                Fault.PHONE_OFF, name, chaos, ("temporary", "permanent", "unknown")
            )

    def plan_outbox(self, chaos: int) -> None:
        """The bad hours of what pages nobody."""
        world = self._world
        if world.faults.has(Fault.PROVIDER_DOWN):
            for channel in world.dice.sample(POSTED, world.dice.choice((1, 2, 3))):
                self._add(Fault.PROVIDER_DOWN, channel, chaos, ("temporary", "unknown"))

    def _add(self, fault: Fault, what: str, chaos: int, hows: Sequence[str]) -> None:
        dice = self._world.dice
        start = dice.randrange(0, chaos)
        end = min(chaos, start + dice.choice((2, 10, 40)) * MINUTE)
        self._outages.append(Outage(what, start, end, dice.choice(hows)))
        self._world.faults.fire(fault)
        self._world.note(
            f"{what} will fail from {start // SECOND} to {end // SECOND} s"
        )

    def fate(self, channel: str, address: str, person: str) -> Fate:
        """Decide what becomes of a call that begins now."""
        world = self._world
        dice, faults, now = world.dice, world.faults, world.time
        quick = dice.randrange(50_000, 1_500_000)
        for outage in self._outages:
            if outage.what in (channel, person) and outage.start <= now < outage.end:
                took = _TIMEOUT if outage.how == "unknown" else quick
                return Fate(outage.how, False, took, f"{outage.what} is down")
        if self._is_refused(address):
            return Fate("permanent", False, quick, "no such address")
        if faults.strikes(Fault.TIMEOUT_BEFORE, channel):
            return Fate("unknown", False, _TIMEOUT, "timed out")
        if faults.strikes(Fault.TIMEOUT_AFTER, channel):
            return Fate("unknown", True, _TIMEOUT, "timed out, but taken")
        if faults.strikes(Fault.RECEIPT_LOST, channel):
            return Fate("unknown", True, quick, "connection lost after it was taken")
        if faults.strikes(Fault.RATE_LIMIT, channel):
            wait = dice.choice((5, 30, 90))
            return Fate("temporary", False, quick, "429", wait)
        if channel == REPORTING and faults.strikes(Fault.SWALLOWED, channel):
            return Fate("accepted", False, quick, "ok, but lost")
        if faults.strikes(Fault.PROVIDER_SLOW, channel):
            quick = dice.randrange(3 * SECOND, 9_900_000)
        return Fate("accepted", True, quick, "ok")

    def called(
        self, caller: Caller, channel: str, message: PageMessage, to: str, key: str
    ) -> tuple[Fate, Call]:
        """A node calls a provider now; what is taken reaches a phone later."""
        world = self._world
        fate = self.fate(channel, to, message.person)
        call = Call(
            begun=world.time,
            ended=world.time + fate.took,
            node=caller.index,
            life=caller.life,
            person=message.person,
            channel=channel,
            address=to,
            key=key,
            titles=tuple(alert.title for alert in message.alerts),
            outcome=fate.outcome,
            taken=fate.taken,
            retry_after=fate.retry_after * SECOND,
            urgency=message.urgency,
        )
        if channel == REPORTING and call.outcome == "accepted":
            call.receipt = f"{key}/{len(world.history.calls)}"
        world.call = call
        world.history.calls.append(call)
        world.note(
            f"node{call.node} calls {to} {key} [{','.join(call.titles)}]: "
            f"{call.outcome} ({fate.why})"
        )
        if call.taken:
            delay = fate.took + world.dice.randrange(0, 5 * SECOND)
            world.later(delay, lambda: self._arrive(call, message))
        return fate, call

    def _is_refused(self, address: str) -> bool:
        # An address is refused for good or not at all, while the chaos lasts.
        world = self._world
        if not world.faults.on:
            return False
        if address not in self._refused:
            safe = address.endswith(":carol")
            self._refused[address] = not safe and world.faults.strikes(
                Fault.REFUSAL, "address"
            )
        return self._refused[address]


class NodePager:
    """A channel as one node calls it."""

    def __init__(self, providers: Providers, caller: Caller, channel: str) -> None:
        self.channel = channel
        self._providers = providers
        self._caller = caller

    def problems(self, address: str) -> Sequence[str]:
        """Every address will do."""
        return () if address else ("address: expected one",)

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """One call. Raises DeliveryFailed, DeliveryUnknown."""
        fate, call = self._providers.called(
            self._caller, self.channel, message, to, key
        )
        refusal = refusal_of(fate)
        if refusal is not None:
            raise refusal
        within = REPORT_WITHIN / SECOND if call.receipt else None
        return Receipt(call.receipt or key, "ok", within)


def refusal_of(fate: Fate) -> TocsinError | None:
    """What a caller gets instead of a receipt, None when it was accepted."""
    if fate.outcome == "unknown":
        return DeliveryUnknown(fate.why)
    if fate.outcome == "accepted":
        return None
    wait = float(fate.retry_after) if fate.retry_after else None
    permanent = fate.outcome == "permanent"
    return DeliveryFailed(fate.why, permanent=permanent, retry_after_seconds=wait)
