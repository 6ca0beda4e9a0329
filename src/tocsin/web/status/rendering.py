"""Every file of a status page from one snapshot: the same when served and when written."""

from collections.abc import Mapping

import msgspec

from tocsin.core.status.status_pages import LABELS, STAGES, Notice, Snapshot
from tocsin.web.rendering import render
from tocsin.web.status import feeds, statuspage

_MARKS = {
    "operational": "", "degraded": "d", "partial_outage": "p", "major_outage": "o",
    "maintenance": "m",
}  # fmt: skip
_EARLIER = 8
_encode = msgspec.json.Encoder().encode


def files(
    shot: Snapshot,
    url: str,
    *,
    prefix: str | None = None,
    nonce: str = "",
    mails: str = "",
) -> Mapping[str, str]:
    """Path → text of everything. `prefix` begins links; None makes them relative;
    `mails` is where to ask for mails, empty where there are none.
    """
    found = {
        "index.html": page(shot, url, prefix=prefix, nonce=nonce, mails=mails),
        "history.html": history(shot, url, prefix=prefix, nonce=nonce),
        "feed.atom": feeds.atom(shot, url),
        "feed.rss": feeds.rss(shot, url),
        "maintenance.ics": feeds.calendar(shot, url),
    }
    for one in (*shot.open, *shot.past):
        found[f"i/{one.incident}.html"] = notice_page(
            shot, one, url, prefix=prefix, nonce=nonce
        )
    for name, body in statuspage.documents(shot, url).items():
        found[f"api/v2/{name}.json"] = _encode(body).decode()
    return found


def page(
    shot: Snapshot, url: str, *, prefix: str | None, nonce: str, mails: str = ""
) -> str:
    """The first page."""
    return _rendered(
        "status.html", shot, url, prefix or "", nonce,
        earlier=shot.past[:_EARLIER],
        groups=_groups(shot),
        mails=mails,
    )  # fmt: skip


def history(shot: Snapshot, url: str, *, prefix: str | None, nonce: str) -> str:
    """All incidents that customers were told of in 90 days."""
    return _rendered("status_history.html", shot, url, prefix or "", nonce)


def notice_page(
    shot: Snapshot, one: Notice, url: str, *, prefix: str | None, nonce: str
) -> str:
    """One incident with all its updates."""
    up = "../" if prefix is None else prefix
    return _rendered("status_notice.html", shot, url, up, nonce, notice=one)


def _rendered(
    template: str, shot: Snapshot, url: str, root: str, nonce: str, **more: object
) -> str:
    titles = {one.name: one.title for one in shot.page.components}
    return render(
        template, shot=shot, page=shot.page, url=url, root=root, nonce=nonce,
        labels=LABELS, marks=_MARKS, stages=STAGES, titles=titles, now=shot.made_at,
        zone=shot.page.zone, **more,
    )  # fmt: skip


def _groups(shot: Snapshot) -> list[tuple[str, list[object]]]:
    found: dict[str, list[object]] = {}
    for one in shot.page.components:
        found.setdefault(one.group, []).append(one)
    return list(found.items())
