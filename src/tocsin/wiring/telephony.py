"""Which telephone providers the settings name, wired together."""

from collections.abc import Callable

from tocsin.config import Settings
from tocsin.integrations.phone import (
    PhonePager,
    PlivoDoor,
    PlivoPhone,
    TwilioDoor,
    TwilioPhone,
)
from tocsin.integrations.phone.carriers import Carrier
from tocsin.integrations.phone.requests import Way
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PhoneDoor
from tocsin.wiring.messengers import here

PREFIX = "/phone"
# A call rings for half a minute before anything is known of it.
_RING_SECONDS = 30


def phone_pagers(
    settings: Settings, egress: Egress, *, monotonic: Callable[[], float]
) -> list[PhonePager]:
    """`sms` and `voice`, where a provider is set up."""
    found = []
    for channel in ("sms", "voice"):
        carriers = _carriers(settings, egress, channel)
        if not carriers:
            continue
        within = float(settings.report_within_seconds)
        if channel == "voice":
            within += _RING_SECONDS
        found.append(
            PhonePager(
                channel, carriers, monotonic=monotonic, report_within_seconds=within
            )
        )
    return found


def phone_doors(settings: Settings) -> dict[str, PhoneDoor]:
    """What the providers call."""
    twilio = settings.twilio_token.get_secret_value()
    plivo = settings.plivo_token.get_secret_value()
    found: list[PhoneDoor] = []
    if settings.twilio_account and twilio:
        found.append(TwilioDoor(twilio))
    if settings.plivo_account and plivo:
        found.append(PlivoDoor(plivo))
    return {door.provider: door for door in found}


def _carriers(settings: Settings, egress: Egress, channel: str) -> list[Carrier]:
    found: list[Carrier] = []
    twilio = _way(
        settings, "twilio", settings.twilio_account,
        settings.twilio_token.get_secret_value(), settings.twilio_number,
        settings.twilio_url,
    )  # fmt: skip
    plivo = _way(
        settings, "plivo", settings.plivo_account,
        settings.plivo_token.get_secret_value(), settings.plivo_number,
        settings.plivo_url,
    )  # fmt: skip
    if twilio is not None:
        found.append(TwilioPhone(twilio, egress, channel=channel))
    if plivo is not None:
        found.append(PlivoPhone(plivo, egress, channel=channel))
    return sorted(found, key=lambda one: one.name != settings.phone_first)


def _way(
    settings: Settings, name: str, account: str, token: str, sender: str, url: str
) -> Way | None:
    if not (account and token and sender):
        return None
    back = f"{here(settings)}{PREFIX}/{name}"
    return Way(url, account, token, sender, back, _RING_SECONDS)
