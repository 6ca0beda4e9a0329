"""How an act in an incident is carried out and answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import HTTPException

from tocsin.api.incidents.incident_bodies import (
    ImpactIn,
)
from tocsin.api.instants import bounded, utc
from tocsin.core.excerpts import clean
from tocsin.core.incidents.impact import Impact
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.desk import Act, Done
from tocsin.engine.signing_in.sign_in import Viewer


@dataclass(frozen=True)
class Answering:
    """How an act is carried out and answered: the room, or a problem."""

    desk: FrontDesk
    room: Callable[[int, Viewer], dict[str, Any]]

    def act(self, number: int, viewer: Viewer, action: str, act: Act) -> dict[str, Any]:
        """Raises 403, 404, 409 or 422."""
        return self.of(self.desk.incidents.act(number, viewer, action, act), viewer)

    def of(self, done: Done, viewer: Viewer) -> dict[str, Any]:
        """What came of it, with the id of what was made."""
        if done.forbidden:
            raise HTTPException(403, done.refused)
        if done.refused:
            if done.incident is None and done.refused.startswith(
                "There is no incident"
            ):
                raise HTTPException(404, done.refused)
            # A sentence that begins with a field is about the request.
            field = done.refused.partition(":")[0]
            status = 422 if field.replace("_", "").replace(".", "").isalnum() else 409
            raise HTTPException(status, done.refused)
        assert done.incident is not None
        found = self.room(done.incident.number, viewer)
        return {**found, "made": done.made or None}


def impact_of(body: ImpactIn) -> Impact:
    """As the rules know it. Raises 422."""
    return Impact(
        text=clean(body.text),
        share=body.share,
        users=body.users,
        journeys=tuple(clean(one) for one in body.journeys),
        regions=tuple(clean(one) for one in body.regions),
        start=when(body.start),
        start_source=clean(body.start_source),
        start_confidence=body.start_confidence,
        revenue=clean(body.revenue),
        data_loss=body.data_loss,
        safety=body.safety,
        tier1_down=body.tier1_down,
        slow=body.slow,
    )


def when(at: datetime | None) -> datetime | None:
    """An instant of a body. Raises 422."""
    return bounded(utc(at)) if at is not None else None
