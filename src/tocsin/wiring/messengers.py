"""Which services the settings name that page people directly, wired together."""

from collections.abc import Callable
from datetime import datetime

from tocsin import system
from tocsin.at_rest import push_key
from tocsin.config import Settings
from tocsin.integrations import discord, pushover, teams, telegram, web_push
from tocsin.interfaces.chats import ChatDoor
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import Pager


def here(settings: Settings) -> str:
    """The address that people and links use."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def push_public_key(settings: Settings) -> str:
    """What browsers subscribe with."""
    key = web_push.key_of(push_key(settings))
    return web_push.public_key(key)


def direct_pagers(
    settings: Settings, own: Egress, typed: Egress, *, now: Callable[[], datetime]
) -> list[Pager]:
    """Every one that is set up; push and Teams need nothing but an address."""
    address = here(settings)
    found: list[Pager] = [
        teams.TeamsPager(typed),
        web_push.PushPager(
            web_push.key_of(push_key(settings)),
            typed,
            subject=address
            if address.startswith("https")
            else "mailto:tocsin@localhost",
            now=now,
            random=system.random_bytes,
        ),
    ]
    token = settings.telegram_token.get_secret_value()
    if token:
        found.append(telegram.TelegramPager(token, own, url=settings.telegram_url))
    token = settings.discord_token.get_secret_value()
    if token:
        found.append(discord.DiscordPager(token, own, url=settings.discord_url))
    token = settings.pushover_token.get_secret_value()
    if token:
        back = f"{address}/chat/pushover"
        found.append(
            pushover.PushoverPager(token, own, back=back, url=settings.pushover_url)
        )
    return found


def direct_doors(settings: Settings, own: Egress) -> list[ChatDoor]:
    """What tells us of buttons that were pressed."""
    found: list[ChatDoor] = []
    secret = settings.telegram_secret.get_secret_value()
    if settings.telegram_token.get_secret_value() and secret:
        found.append(telegram.TelegramDoor(secret))
    if settings.discord_public_key:
        found.append(discord.DiscordDoor(settings.discord_public_key))
    token = settings.pushover_token.get_secret_value()
    if token:
        found.append(pushover.PushoverDoor(token, own, url=settings.pushover_url))
    return found
