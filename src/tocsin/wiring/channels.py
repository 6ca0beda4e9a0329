"""Every channel that the settings allow a person to be paged by."""

import time
from collections.abc import Callable
from datetime import datetime

from tocsin.config import Settings
from tocsin.integrations import apprise_urls, canary, ntfy, smtp, webhook
from tocsin.interfaces.pagers import Pager
from tocsin.wiring.chats import chat_pagers
from tocsin.wiring.messengers import direct_pagers
from tocsin.wiring.roads import own_egress, typed_egress
from tocsin.wiring.telephony import phone_pagers


def pagers(
    settings: Settings,
    *,
    now: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
) -> dict[str, Pager]:
    """Every channel that the settings allow."""
    typed = typed_egress(settings)
    found: list[Pager] = [
        webhook.WebhookPager(
            secret=settings.webhook_secret.get_secret_value(), egress=typed, now=now
        ),
        ntfy.NtfyPager(
            server=settings.ntfy_url,
            token=settings.ntfy_token.get_secret_value(),
            own=own_egress(),
            typed=typed,
        ),
        apprise_urls.ApprisePager(egress=typed),
        canary.CanaryPager(),
        *phone_pagers(settings, own_egress(), monotonic=monotonic),
        *direct_pagers(settings, own_egress(), typed, now=now),
        *chat_pagers(settings),
    ]
    if settings.smtp_url.get_secret_value():
        found.append(
            smtp.SmtpPager(
                settings.smtp_url.get_secret_value(),
                sender=settings.smtp_from,
                ca_file=settings.smtp_ca_file,
            )
        )
    return {pager.channel: pager for pager in found}
