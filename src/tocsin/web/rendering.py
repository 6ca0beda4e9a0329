"""Templates and what they are given: times in the reader's zone, icons, hashed files."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tocsin.core import level_times
from tocsin.core.credentials import masked, shown_address
from tocsin.core.durations import words
from tocsin.core.pages.escalation_levels import ack_timeout
from tocsin.core.severity import Severity
from tocsin.web.assets import SCRIPT, STATIC, asset
from tocsin.web.markdown import html, inline
from tocsin.web.sparklines import sparkline

_SYMBOL = re.compile(r'<symbol id="i-([a-z0-9-]+)".*?</symbol>', re.S)

_environment = Environment(
    loader=PackageLoader("tocsin.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: Any) -> str:
    """One page or fragment."""
    return _environment.get_template(template).render(**values)


@lru_cache(maxsize=1)
def _symbols() -> Mapping[str, str]:
    path = STATIC / "vendor" / "icons.svg"
    if not path.is_file():
        return {}
    text = path.read_text("utf-8")
    return {found.group(1): found.group(0) for found in _SYMBOL.finditer(text)}


def icon(name: str) -> Markup:
    """An icon from the sprite; nothing where the build had none."""
    if name not in _symbols():
        return Markup("")
    href = escape(f"{asset('vendor/icons.svg')}#i-{name}")
    return Markup(
        '<svg class="ic" aria-hidden="true"><use href="{}"></use></svg>'
    ).format(Markup(href))


def inline_icon(name: str) -> Markup:
    """The same drawn into the page, for the one that may ask for nothing else."""
    symbol = _symbols().get(name)
    if symbol is None:
        return Markup("")
    inner = symbol[symbol.index(">") + 1 : -len("</symbol>")]
    return Markup(
        f'<svg class="ic" viewBox="0 0 24 24" aria-hidden="true">{inner}</svg>'
    )


def moment(at: datetime | None, zone: str, *, now: datetime, form: str = "") -> Markup:
    """A time for people, with the exact instant in `datetime`."""
    if at is None:
        return Markup("")
    local = at.astimezone(ZoneInfo(zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    if form == "seconds":
        text = f"{local:%H:%M:%S}"
    elif local.date() == today:
        text = f"{local:%H:%M}"
    else:
        text = dated_short(at, zone, now=now)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)


def dated(at: datetime, zone: str) -> str:
    """A time with its whole date, in words."""
    return f"{at.astimezone(ZoneInfo(zone)):%A %-d %B %Y, %H:%M}"


def dated_short(at: datetime, zone: str, *, now: datetime) -> str:
    """A time in words, with its year where that is not the one we are in."""
    local = at.astimezone(ZoneInfo(zone))
    is_this_year = local.year == now.astimezone(ZoneInfo(zone)).year
    return (
        f"{local:%a %-d %b, %H:%M}" if is_this_year else f"{local:%a %-d %b %Y, %H:%M}"
    )


def day_named(on: date, *, today: date) -> str:
    """A day in words, with its year where that is not the one we are in."""
    return f"{on:%a %-d %B}" if on.year == today.year else f"{on:%a %-d %B %Y}"


def days_named(first: date, last: date) -> str:
    """From a day to another, each with its year where they differ."""
    begin = f"{first:%-d %B}" if first.year == last.year else f"{first:%-d %B %Y}"
    return f"{begin} – {last:%-d %B %Y}"


def by_day(
    entries: Iterable[Any], zone: str, *, since: datetime
) -> list[tuple[date, list[Any]]]:
    """Entries by the local day on which they start, in order; the first is `since`'s."""
    place = ZoneInfo(zone)
    days: dict[date, list[Any]] = {}
    for one in entries:
        day = max(one.start, since).astimezone(place).date()
        days.setdefault(day, []).append(one)
    return list(days.items())


def ago(at: datetime | None, *, now: datetime) -> str:
    """`4 min`, `2 h 10 min`, `3 d`."""
    if at is None:
        return ""
    return span(now - at)


def span(duration: timedelta) -> str:
    """A length for people, two units at most."""
    seconds = max(0, int(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        rest = minutes % 60
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    rest = hours % 24
    return f"{days} d {rest} h" if rest else f"{days} d"


def text_of(body: bytes) -> str:
    """What somebody sent as text, as far as a page shows it."""
    return bytes(body).decode("utf-8", "replace")[:20_000]


def initials(name: str) -> str:
    """Two letters for an avatar."""
    parts = [part for part in re.split(r"[\s._-]+", name) if part]
    if len(parts) > 1:
        return (parts[0][0] + parts[-1][0]).upper()
    return name[:2].upper()


def tone(name: str) -> int:
    """Which of the six soft colours a person has, always the same."""
    return sha256(name.encode("utf-8", "replace")).digest()[0] % 6 + 1


_environment.globals.update(
    icon=icon,
    inline_icon=inline_icon,
    asset=asset,
    script=lambda: asset(SCRIPT),
    sparkline=sparkline,
    moment=moment,
    ago=ago,
    span=span,
    second=timedelta(seconds=1),
    words=words,
    dated=dated,
    dated_short=dated_short,
    day_named=day_named,
    days_named=days_named,
    by_day=by_day,
    ack_timeout=ack_timeout,
    times_of=level_times.sentence,
    severities_of=lambda: tuple(Severity),
    initials=initials,
    tone=tone,
    masked=masked,
    shown_address=shown_address,
    markdown=html,
    inline_markdown=inline,
    page_css=lambda: Markup((STATIC / "page.css").read_text("utf-8")),
    status_css=lambda: Markup((STATIC / "status.css").read_text("utf-8").strip()),
)
