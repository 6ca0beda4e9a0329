"""One channel (`sms`, `voice`) over several providers: the next one takes over.

A page has one time limit for all of them. Who failed, or took a message that never
arrived, is asked last for a while. A message that may have been taken is sent by the
next one all the same: twice is better than never.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import PageMessage, Receipt

REST_SECONDS = 120.0
_SHORTEST_NUMBER, _LONGEST_NUMBER = 8, 15


class Carrier(Protocol):
    """One provider of one channel."""

    name: str

    def send(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        ...

    def hang_up(self, call: str, *, timeout_seconds: float) -> str:
        """End a call that waits or rings, and none that is spoken on; what was said.

        Raises DeliveryFailed, DeliveryUnknown.
        """
        ...


class PhonePager:
    """A Pager. `carriers` in the order in which they are asked."""

    def __init__(
        self,
        channel: str,
        carriers: Sequence[Carrier],
        *,
        monotonic: Callable[[], float],
        report_within_seconds: float,
    ) -> None:
        self.channel = channel
        self._carriers = tuple(carriers)
        self._monotonic = monotonic
        self._report_within = report_within_seconds
        self._rests_until: dict[str, float] = {}

    def problems(self, address: str) -> Sequence[str]:
        """Whether `address` is a number as E.164 writes it."""
        digits = address[1:]
        if (
            address.startswith("+")
            and digits.isascii()
            and digits.isdigit()
            and not digits.startswith("0")
            and _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER
        ):
            return ()
        return ["the number: expected + and the country's code, such as +4915112345678"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """By the first provider that takes it. Raises DeliveryFailed, DeliveryUnknown."""
        if self.problems(to):
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        ends = self._monotonic() + timeout_seconds
        failures: list[DeliveryFailed | DeliveryUnknown] = []
        order = self._order()
        for index, carrier in enumerate(order):
            left = ends - self._monotonic()
            if left <= 0:
                break
            share = left / (len(order) - index)
            try:
                taken = carrier.send(message, to=to, key=key, timeout_seconds=share)
            except (DeliveryFailed, DeliveryUnknown) as failure:
                failures.append(failure)
                self._note(carrier, failure)
                continue
            said = f"{carrier.name}: {taken.answer}"
            return Receipt(
                f"{carrier.name}:{taken.provider_id}", said, self._report_within
            )
        raise _worst(failures, [one.name for one in order])

    def recall(self, provider_id: str, *, timeout_seconds: float) -> str:
        """Hang up a call that nobody took yet. Raises DeliveryFailed, DeliveryUnknown."""
        name, _, known = provider_id.partition(":")
        for carrier in self._carriers:
            if carrier.name == name and self.channel == "voice":
                said = carrier.hang_up(known, timeout_seconds=timeout_seconds)
                return f"{name}: {said}"
        raise DeliveryFailed(f"{name} is not set up for calls", permanent=True)

    def missed(self, provider_id: str) -> None:
        """It took a message that never arrived: the others first, for a while."""
        self._rest(provider_id.partition(":")[0])

    def _order(self) -> list[Carrier]:
        now = self._monotonic()
        return sorted(
            self._carriers, key=lambda one: self._rests_until.get(one.name, 0.0) > now
        )

    def _note(
        self, carrier: Carrier, failure: DeliveryFailed | DeliveryUnknown
    ) -> None:
        # A refusal for good says something of the number, not of the provider.
        if isinstance(failure, DeliveryUnknown) or not failure.permanent:
            self._rest(carrier.name)

    def _rest(self, name: str) -> None:
        self._rests_until[name] = self._monotonic() + REST_SECONDS


def _worst(
    failures: Sequence[DeliveryFailed | DeliveryUnknown], names: Sequence[str]
) -> DeliveryFailed | DeliveryUnknown:
    """What is true of all of them: unknown if one may have taken it."""
    said = "; ".join(
        f"{name}: {one.reason}" for name, one in zip(names, failures, strict=False)
    )
    if any(isinstance(one, DeliveryUnknown) for one in failures):
        return DeliveryUnknown(said)
    refused = [one for one in failures if isinstance(one, DeliveryFailed)]
    waits = [one.retry_after_seconds for one in refused if one.retry_after_seconds]
    return DeliveryFailed(
        said,
        permanent=all(one.permanent for one in refused),
        retry_after_seconds=min(waits, default=None),
    )
