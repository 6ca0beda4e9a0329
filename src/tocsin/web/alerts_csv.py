"""`/alerts.csv`: the list of alerts, as it is filtered, for a spreadsheet."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.alerts.alerts import Alert
from tocsin.core.csv_cells import row
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists
from tocsin.store.database import Tx
from tocsin.web.filters import wanted

MOST_ROWS = 10_000
_COLUMNS = (
    "alert", "severity", "state", "service", "title", "times seen", "first seen",
    "last seen", "acknowledged by", "acknowledged at", "resolved at", "resolved how",
    "silenced by", "link",
)  # fmt: skip


def download(desk: FrontDesk, request: Request, viewer: Viewer) -> Response:
    """The newest alerts of the chosen tab and service, all columns."""
    chosen = wanted(request.query_params)

    def work(tx: Tx) -> list[Alert]:
        directory = desk.directories.current(tx)
        return alert_lists.listing(
            tx,
            statuses=chosen.statuses,
            before=chosen.before,
            limit=MOST_ROWS,
            service=chosen.service,
            suppressed=chosen.suppressed,
            hidden=directory.hidden_from(viewer.grant),
            narrowed=chosen.narrowed(directory, viewer.person),
        )

    alerts = desk.database.read(work)
    text = row(_COLUMNS) + "".join(_line(alert) for alert in alerts)
    name = f"alerts-{chosen.tab}-{_day(desk.clock.now())}.csv"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _line(alert: Alert) -> str:
    return row(
        (
            f"ALR-{alert.number}",
            alert.severity.name,
            alert.status.value,
            alert.service,
            alert.title,
            alert.count,
            alert.first_at,
            alert.last_at,
            alert.acked_by,
            alert.acked_at,
            alert.resolved_at,
            alert.resolve_reason,
            ", ".join(alert.suppressed_by),
            alert.link,
        )
    )


def _day(now: datetime) -> str:
    return f"{now:%Y-%m-%d}"
