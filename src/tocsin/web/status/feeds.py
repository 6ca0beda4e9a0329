"""Atom (RFC 4287), RSS 2.0 and iCalendar (RFC 5545) of a status page."""

from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from tocsin.core.status.status_pages import STAGES, Notice, Snapshot, Told

_MOST = 50
_LINE = 75


def atom(shot: Snapshot, url: str) -> str:
    """An entry per update, the newest first."""
    told = _told(shot)
    updated = told[0][1].at if told else shot.known_since
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(shot.page.title)} status</title>",
        f"<id>{escape(url)}</id><link href={quoteattr(url)}/>",
        f'<link rel="self" href={quoteattr(f"{url}/feed.atom")}/>',
        f"<updated>{_iso(updated)}</updated>",
        f"<author><name>{escape(shot.page.title)}</name></author>",
    ]
    for notice, one in told:
        link = f"{url}/i/{notice.incident}.html"
        lines.append(
            f"<entry><title>{escape(_title(notice, one))}</title>"
            f"<id>{escape(f'{link}#u{one.id}')}</id><link href={quoteattr(link)}/>"
            f"<updated>{_iso(one.at)}</updated>"
            f'<content type="text">{escape(one.body)}</content></entry>'
        )
    return "\n".join([*lines, "</feed>"]) + "\n"


def rss(shot: Snapshot, url: str) -> str:
    """The same for older readers."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0"><channel>',
        f"<title>{escape(shot.page.title)} status</title><link>{escape(url)}</link>",
        f"<description>{escape(shot.headline)}</description>",
    ]
    for notice, one in _told(shot):
        link = f"{url}/i/{notice.incident}.html"
        lines.append(
            f"<item><title>{escape(_title(notice, one))}</title>"
            f"<link>{escape(link)}</link>"
            f"<guid>{escape(f'{link}#u{one.id}')}</guid>"
            f"<pubDate>{format_datetime(one.at.astimezone(UTC))}</pubDate>"
            f"<description>{escape(one.body)}</description></item>"
        )
    return "\n".join([*lines, "</channel></rss>"]) + "\n"


def calendar(shot: Snapshot, url: str) -> str:
    """Planned work."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tocsin//Status page//EN",
        "METHOD:PUBLISH", f"X-WR-CALNAME:{_text(shot.page.title)}: planned work",
    ]  # fmt: skip
    for one in shot.planned:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.id}@{shot.page.name}.status",
            f"DTSTAMP:{_stamp(shot.made_at)}",
            f"DTSTART:{_stamp(one.starts_at)}",
            f"DTEND:{_stamp(one.ends_at)}",
            f"SUMMARY:{_text(one.text)}",
            f"URL:{url}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "\r\n".join(part for line in lines for part in _folded(line)) + "\r\n"


def _told(shot: Snapshot) -> list[tuple[Notice, Told]]:
    found = [
        (notice, one) for notice in (*shot.open, *shot.past) for one in notice.updates
    ]
    return sorted(found, key=lambda pair: (pair[1].at, pair[1].id), reverse=True)[
        :_MOST
    ]


def _title(notice: Notice, one: Told) -> str:
    return f"{STAGES.get(one.stage, one.stage)}: {notice.title}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """At most 75 octets, never within a character."""
    parts, current = [], ""
    for char in line:
        if len((current + char).encode()) > _LINE:
            parts.append(current)
            current = " "
        current += char
    return [*parts, current]
