"""The public v2 documents of Statuspage, which aggregators and its client read.

Source: the client `statuspage.io` 3.4.6 and doers.statuspage.io "Status API".
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tocsin.core.status.status_pages import (
    DEGRADED,
    MAINTENANCE,
    MAJOR,
    OPERATIONAL,
    PARTIAL,
    Notice,
    Planned,
    Snapshot,
)

_COMPONENT = {
    OPERATIONAL: "operational", DEGRADED: "degraded_performance",
    PARTIAL: "partial_outage", MAJOR: "major_outage", MAINTENANCE: "under_maintenance",
}  # fmt: skip
_INDICATOR = {
    OPERATIONAL: "none", DEGRADED: "minor", PARTIAL: "major", MAJOR: "critical",
    MAINTENANCE: "maintenance",
}  # fmt: skip
_DESCRIPTION = {
    OPERATIONAL: "All Systems Operational", DEGRADED: "Partially Degraded Service",
    PARTIAL: "Partial System Outage", MAJOR: "Major Service Outage",
    MAINTENANCE: "Service Under Maintenance",
}  # fmt: skip
_STATUS = {"update": "investigating"}


def documents(shot: Snapshot, url: str) -> Mapping[str, dict[str, Any]]:
    """Path below api/v2, without .json → its body."""
    page = _page(shot, url)
    status = {
        "indicator": _INDICATOR[shot.worst],
        "description": _DESCRIPTION[shot.worst],
    }
    components = _components(shot)
    unresolved = [_incident(shot, one, url) for one in shot.open]
    incidents = [*unresolved, *(_incident(shot, one, url) for one in shot.past)]
    windows = [_window(shot, one, url) for one in shot.planned]
    active = [one for one in windows if one["status"] == "in_progress"]
    coming = [one for one in windows if one["status"] == "scheduled"]
    return {
        "summary": {
            "page": page, "status": status, "components": components,
            "incidents": unresolved, "scheduled_maintenances": windows,
        },
        "status": {"page": page, "status": status},
        "components": {"page": page, "components": components},
        "incidents": {"page": page, "incidents": incidents},
        "incidents/unresolved": {"page": page, "incidents": unresolved},
        "scheduled-maintenances": _windows(page, windows),
        "scheduled-maintenances/active": _windows(page, active),
        "scheduled-maintenances/upcoming": _windows(page, coming),
    }  # fmt: skip


def announced(shot: Snapshot, incident: int, url: str) -> Mapping[str, Any]:
    """What a webhook tells of an incident (0: of the page alone), as Statuspage's does."""
    page = {
        "id": shot.page.name,
        "status_indicator": _INDICATOR[shot.worst],
        "status_description": _DESCRIPTION[shot.worst],
    }
    told = next(
        (one for one in (*shot.open, *shot.past) if one.incident == incident), None
    )
    if told is None:
        return {"page": page}
    return {"page": page, "incident": _incident(shot, told, url)}


def _windows(page: Any, windows: Sequence[Any]) -> dict[str, Any]:
    return {"page": page, "scheduled_maintenances": list(windows)}


def _page(shot: Snapshot, url: str) -> dict[str, Any]:
    return {
        "id": shot.page.name,
        "name": shot.page.title,
        "url": url,
        "time_zone": shot.page.zone,
        "updated_at": _iso(shot.made_at),
    }


def _components(shot: Snapshot) -> list[dict[str, Any]]:
    return [
        {
            "id": one.name,
            "name": one.title,
            "status": _COMPONENT[shot.states[one.name]],
            "description": one.description or None,
            "position": position,
            "group": False,
            "group_id": None,
            "showcase": True,
            "only_show_if_degraded": False,
            "start_date": f"{shot.known_since:%Y-%m-%d}",
            "page_id": shot.page.name,
            "created_at": _iso(shot.known_since),
            "updated_at": _iso(shot.made_at),
        }
        for position, one in enumerate(shot.page.components, 1)
    ]


def _incident(shot: Snapshot, one: Notice, url: str) -> dict[str, Any]:
    status = one.latest.stage if one.resolved_at is None else "resolved"
    watching = next((u.at for u in one.updates if u.stage == "monitoring"), None)
    number = str(one.incident)
    return {
        "id": number,
        "name": one.title,
        "status": _STATUS.get(status, status),
        "impact": _INDICATOR[one.worst],
        "shortlink": f"{url}/i/{number}.html",
        "created_at": _iso(one.began_at),
        "updated_at": _iso(one.latest.at),
        "started_at": _iso(one.began_at),
        "monitoring_at": _iso(watching),
        "resolved_at": _iso(one.resolved_at),
        "page_id": shot.page.name,
        "incident_updates": [
            {
                "id": str(told.id),
                "incident_id": number,
                "status": _STATUS.get(told.stage, told.stage),
                "body": told.body,
                "created_at": _iso(told.at),
                "updated_at": _iso(told.at),
                "display_at": _iso(told.at),
                "affected_components": None,
            }
            for told in one.updates
        ],
        "components": [c for c in _components(shot) if c["id"] in one.components],
    }


def _window(shot: Snapshot, one: Planned, url: str) -> dict[str, Any]:
    is_active = one.starts_at <= shot.made_at
    return {
        "id": one.id,
        "name": one.text,
        "status": "in_progress" if is_active else "scheduled",
        "impact": "maintenance",
        "shortlink": url,
        "created_at": _iso(one.starts_at),
        "updated_at": _iso(one.starts_at),
        "monitoring_at": None,
        "resolved_at": None,
        "scheduled_for": _iso(one.starts_at),
        "scheduled_until": _iso(one.ends_at),
        "page_id": shot.page.name,
        "incident_updates": [],
        "components": [c for c in _components(shot) if c["id"] in one.components],
    }


def _iso(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
