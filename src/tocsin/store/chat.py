"""Channels of incidents in chats, which messages there are entries here, and outages."""

from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.store import nodes
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, from_micros_or_none, to_micros

_SELECT = "select incident, provider, channel, name, url, state from chat_channels "


class Channel(Struct, frozen=True):
    """An incident's place in one chat; `channel` is "" until it is made there."""

    incident: int
    provider: str
    channel: str
    name: str
    url: str
    state: str  # wanted | open | archived


class Outage(Struct, frozen=True):
    """When a chat did not take messages; `end` is None while it does not."""

    start: datetime
    end: datetime | None = None


def want(tx: Tx, incident: int, provider: str, *, name: str, now: datetime) -> bool:
    """A channel is wanted; False when one was already."""
    made = tx.run(
        "insert into chat_channels (incident, provider, name, state, made_at) "
        "values (:incident, :provider, :name, 'wanted', :now) "
        "on conflict (incident, provider) do nothing",
        incident=incident,
        provider=provider,
        name=name,
        now=to_micros(now),
    )
    return made == 1


def opened(tx: Tx, incident: int, provider: str, *, channel: str, url: str) -> None:
    """It was made there."""
    tx.run(
        "update chat_channels set channel = :channel, url = :url, state = 'open' "
        "where incident = :incident and provider = :provider",
        channel=channel,
        url=url,
        incident=incident,
        provider=provider,
    )


def archived(tx: Tx, incident: int, provider: str) -> None:
    """Nobody writes there any more."""
    tx.run(
        "update chat_channels set state = 'archived' "
        "where incident = :incident and provider = :provider",
        incident=incident,
        provider=provider,
    )


def get(tx: Tx, incident: int, provider: str) -> Channel | None:
    """The channel of an incident in one chat."""
    row = tx.one(
        _SELECT + "where incident = :incident and provider = :provider",
        incident=incident,
        provider=provider,
    )
    return Channel(*row) if row else None


def of_incident(tx: Tx, incident: int) -> list[Channel]:
    """Its channels in every chat."""
    rows = tx.all(
        _SELECT + "where incident = :incident order by provider", incident=incident
    )
    return [Channel(*row) for row in rows]


def of_place(tx: Tx, provider: str, channel: str) -> Channel | None:
    """Whose channel this is."""
    row = tx.one(
        _SELECT + "where provider = :provider and channel = :channel "
        "order by incident desc limit 1",
        provider=provider,
        channel=channel,
    )
    return Channel(*row) if row else None


def keep(
    tx: Tx,
    provider: str,
    channel: str,
    message: str,
    *,
    incident: int,
    entry: int,
    now: datetime,
) -> bool:
    """Remember a message of a chat; False when it was known."""
    made = tx.run(
        "insert into chat_messages (provider, channel, message, incident, entry, at) "
        "values (:provider, :channel, :message, :incident, :entry, :now) "
        "on conflict (provider, channel, message) do nothing",
        provider=provider,
        channel=channel,
        message=message,
        incident=incident,
        entry=entry,
        now=to_micros(now),
    )
    return made == 1


def message_of(tx: Tx, provider: str, channel: str, *, entry: int) -> str:
    """The message in which a chat has an entry, "" when it has none."""
    row: Row | None = tx.one(
        "select message from chat_messages where provider = :provider "
        "and channel = :channel and entry = :entry order by at limit 1",
        provider=provider,
        channel=channel,
        entry=entry,
    )
    return str(row[0]) if row else ""


def outage(tx: Tx, provider: str) -> Outage | None:
    """The last time that a chat was down."""
    text = nodes.note(tx, f"chat_down:{provider}")
    if not text:
        return None
    start, end = msgspec.json.decode(text, type=tuple[int, int | None])
    return Outage(from_micros(start), from_micros_or_none(end))


def put_outage(tx: Tx, provider: str, outage: Outage) -> None:
    """It is down since, or was down until."""
    end = to_micros(outage.end) if outage.end is not None else None
    text = msgspec.json.encode((to_micros(outage.start), end)).decode()
    nodes.put_note(tx, f"chat_down:{provider}", text)


def cursor(tx: Tx, provider: str) -> str:
    """Up to where a chat was listened to."""
    return nodes.note(tx, f"chat_cursor:{provider}")


def put_cursor(tx: Tx, provider: str, cursor: str) -> None:
    """It was listened to up to here."""
    nodes.put_note(tx, f"chat_cursor:{provider}", cursor)
