"""A rotation gets another name, or goes."""

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.pages.escalation import TargetKind
from tocsin.core.people.permissions import LEAD
from tocsin.engine.editing import Edited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.rotation_names import RotationNames
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.refusals import status_of
from tocsin.web.sayings import Saying, done

_PAGE = "/schedules/{name}/rotation"
_FIELDS = ("name", "confirm")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(_PAGE, pages.show, need=LEAD),
        gate.post(_PAGE, pages.act, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._names = RotationNames(desk)

    def show(self, request: Request, viewer: Viewer) -> Response:
        """Both forms, and who pages the rotation."""
        rotation = clean(request.query_params.get("rotation", ""))
        return self._page(request, viewer, rotation, Form({"name": rotation}))

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Rename it or take it away."""
        schedule = str(request.path_params["name"])
        rotation = clean(str(form.get("rotation", "")))
        new = clean(str(form.get("name", "")), longest=200).strip()
        if form.get("do") == "remove":
            if clean(str(form.get("confirm", ""))).strip() != rotation:
                wrong = {"confirm": f"Type {rotation} exactly."}
                shown = Form({"name": rotation}, wrong)
                return self._page(request, viewer, rotation, shown, status=422)
            made = self._names.remove(schedule, rotation, viewer)
            said = f"{rotation} is gone. What has been stays; whose hours end is told."
        else:
            made = self._names.rename(schedule, rotation, new, viewer)
            said = f"{rotation} is {new} from now on, wherever it is paged."
        if made.done:
            return done(f"/schedules/{quote(schedule, safe='')}", Saying(said))
        again = _again(made, new or rotation)
        return self._page(request, viewer, rotation, again, status=status_of(made))

    def _page(
        self,
        request: Request,
        viewer: Viewer,
        rotation: str,
        form: Form,
        status: int = 200,
    ) -> Response:
        name = str(request.path_params["name"])
        directory = self._desk.directory()
        schedule = directory.schedules.get(name)
        if schedule is None or all(one.name != rotation for one in schedule.rotations):
            raise HTTPException(404)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        return self._gate.page(
            "rotation.html",
            viewer,
            status=status,
            name=name,
            rotation=rotation,
            form=form,
            is_last=len(schedule.rotations) == 1,
            paged_by=_naming(directory, f"{name}/{rotation}"),
        )


def _naming(directory: Directory, rotation: str) -> list[str]:
    """The policies that page the rotation itself."""
    found = []
    for policy in directory.policies.values():
        rings = [level.targets for level in policy.levels]
        targets = [one for ring in (*rings, policy.fallback) for one in ring]
        if any((t.kind, t.name) == (TargetKind.ROTATION, rotation) for t in targets):
            found.append(policy.name)
    return found


def _again(made: Edited, new: str) -> Form:
    found, said = by_field(made.problems, _FIELDS)
    return Form({"name": new}, found, said or made.refused or made.conflict)
