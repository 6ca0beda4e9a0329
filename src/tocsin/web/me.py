"""`/me`: how I am reached, when I may be left alone, when I am on call, my test page."""

# long because: all that is one's own stands on one page.

from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.durations import BadDuration, parse
from tocsin.core.forms import Problem
from tocsin.core.oncall.coverage import LISTED, Hole, holes_of
from tocsin.core.oncall.leave_documents import away_ahead
from tocsin.core.oncall.own_shifts import people_of, whole_shifts_of
from tocsin.core.oncall.reachability import warnings
from tocsin.core.pages.paging import all_methods, methods, rule_method, steps
from tocsin.core.people.contacts import id_of
from tocsin.core.people.people import Person
from tocsin.core.people.permissions import VIEWER
from tocsin.core.people.quiet_hours import quiet_until
from tocsin.core.severity import Urgency
from tocsin.core.wallclock import Window, this_minute, zone_named
from tocsin.engine.editing import Edited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.leave import DaysAway
from tocsin.engine.own import Own
from tocsin.engine.people.contacts import Told
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.trials import Trials
from tocsin.store import alert_lists
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.moments import typed_as
from tocsin.web.oncall.cover_requests import address as ask_cover
from tocsin.web.oncall.cover_requests import ways_out
from tocsin.web.refusals import away_fields
from tocsin.web.sayings import Saying, done

PAGE = "/me"
_AHEAD = timedelta(weeks=8)
_MOST_SHIFTS = 60
_MOST_OPEN = 20


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes. Everybody keeps their own, so each needs no more than to be known."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.me),
        gate.post(f"{PAGE}/profile", pages.profile, need=VIEWER),
        gate.post(f"{PAGE}/quiet", pages.quiet, need=VIEWER),
        gate.post(f"{PAGE}/contacts", pages.add, need=VIEWER),
        gate.post(f"{PAGE}/contacts/{{id}}", pages.contact, need=VIEWER),
        gate.post(f"{PAGE}/away", pages.away, need=VIEWER),
        gate.post(f"{PAGE}/rules", pages.rules, need=VIEWER),
        gate.post(f"{PAGE}/test", pages.test, need=VIEWER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._own = Own(desk)
        self._leave = DaysAway(desk)
        self._trials = Trials(desk)

    def me(self, request: Request, viewer: Viewer) -> Response:
        """All of it on one page."""
        return self._page(viewer)

    def profile(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Name, time zone, and whose public holidays count."""
        fields = {
            "full_name": _text(form, "full_name") or None,
            "time_zone": _text(form, "time_zone") or None,
            "region": _text(form, "region").upper() or None,
            "shift_reminders": None if form.get("reminded") else False,
        }
        edited = self._own.change(viewer, fields)
        return self._after(viewer, edited, form, "Saved.", "about")

    def quiet(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """When low urgency waits; both fields empty: never."""
        start, end = _text(form, "from"), _text(form, "to")
        quiet = {"from": start or None, "to": end or None} if start or end else None
        edited = self._own.change(viewer, {"quiet_hours": quiet})
        said = "Your quiet hours are set." if quiet else "You have no quiet hours."
        return self._after(viewer, edited, form, said, "quiet")

    def add(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """One more contact, and the code that proves that it is read."""
        channel, address = _text(form, "channel"), _text(form, "address")
        edited = self._own.add(viewer, channel, address, _text(form, "label"))
        if not edited.done:
            return self._after(viewer, edited, form, "", "contacts")
        told = self._desk.contacts.send_code(viewer, id_of(channel, address))
        said = (
            told.text or f"It is added, but the code is not on its way. {told.problem}"
        )
        return done(f"{PAGE}#contacts", Saying(f"{said} Enter it below."))

    def _kinds(self) -> list[tuple[str, str]]:
        """What can be typed; a browser adds itself."""
        titles = {one.channel: one.title for one in self._desk.connections.channels}
        kinds = [one for one in self._desk.contacts.channels() if one != "push"]
        return [(one, titles.get(one, one)) for one in kinds]

    def contact(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Verify, test, move, name or remove one."""
        contact_id, word = request.path_params["id"], _text(form, "do")
        if word in ("send-code", "verify", "test"):
            return self._told(viewer, self._prove(viewer, contact_id, word, form), form)
        label = _text(form, "label")
        edited = self._own.with_contact(viewer, contact_id, word, label)
        said = "The contact is removed." if word == "remove" else "Saved."
        return self._after(viewer, edited, form, said, "contacts")

    def away(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Days away: more of them, or some fewer."""
        first, last = _text(form, "away_from"), _text(form, "away_to")
        if _text(form, "do") == "remove":
            edited = self._leave.take_back(viewer, viewer.person, first, last)
            return self._after(viewer, edited, form, "Taken back.", "away")
        wishes = _text(form, "away_kind") == "rather-not"
        edited = self._leave.add(viewer, viewer.person, first, last, rather_not=wishes)
        return self._after(viewer, away_fields(edited), form, "Saved.", "away")

    def rules(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Add a step, remove one, or move it."""
        urgency = "low" if _text(form, "urgency") == "low" else "high"
        word, by, after = _text(form, "do"), _text(form, "by"), _text(form, "after")
        if word == "add":
            problem = _bad_wait(after)
            if problem:
                wrong = {f"{urgency}-after": problem}
                return self._page(viewer, form=_form(form, wrong), status=422)
        index = int(i) if (i := _text(form, "index")).isdigit() and len(i) < 4 else -1

        def changed(held: list[Any]) -> list[Any]:
            if word == "add":
                step = {"by": by, "after": f"{after}m" if after.isdigit() else after}
                # In the order in which they come, as a line of time is read.
                return sorted([*held, step], key=_wait)
            if word == "remove" and 0 <= index < len(held):
                return held[:index] + held[index + 1 :]
            return held

        edited = self._own.with_rules(viewer, urgency, changed)
        return self._after(viewer, edited, form, "Saved.", "steps")

    def test(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A test page, through the path that a real one takes."""
        urgency = Urgency.LOW if _text(form, "urgency") == "low" else Urgency.HIGH
        problem = self._trials.begin(viewer, urgency)
        if problem:
            return self._page(viewer, form=Form(said=problem), status=429)
        return done(f"{PAGE}#test", Saying("A test page is on its way. Answer it."))

    def _prove(
        self, viewer: Viewer, contact_id: str, word: str, form: FormData
    ) -> Told:
        contacts = self._desk.contacts
        if word == "verify":
            return contacts.verify(viewer, contact_id, _text(form, "code"))
        if word == "test":
            return contacts.test(viewer, contact_id)
        return contacts.send_code(viewer, contact_id)

    def _told(self, viewer: Viewer, told: Told, form: FormData) -> Response:
        if told.problem:
            return self._page(viewer, form=Form(said=told.problem), status=422)
        self._desk.directory()
        took = f" It took {told.took.total_seconds():.1f} s." if told.took else ""
        return done(f"{PAGE}#contacts", Saying(told.text + took))

    def _after(
        self, viewer: Viewer, edited: Edited, form: FormData, said: str, part: str
    ) -> Response:
        if edited.done:
            return done(f"{PAGE}#{part}", Saying(said))
        problems = {
            one.where.rpartition(".")[2]: f"{_given(one)}{one.sentence}"
            for one in edited.problems
        }
        general = edited.refused or edited.conflict
        status = 403 if edited.refused else 409 if edited.conflict else 422
        return self._page(viewer, form=_form(form, problems, general), status=status)

    def _page(
        self, viewer: Viewer, *, form: Form | None = None, status: int = 200
    ) -> Response:
        now = self._desk.clock.now()
        directory = self._desk.directory()
        person = directory.people.get(viewer.person)
        start = this_minute(now)
        ahead = Window(start, start + _AHEAD)
        shifts = whole_shifts_of(directory, viewer.person, ahead)
        mine = self._desk.database.read(
            lambda tx: alert_lists.held_by(tx, viewer.person, limit=_MOST_OPEN)
        )
        return self._gate.page(
            "me.html",
            viewer,
            status=status,
            form=form or _filled(person),
            saved=_filled(person),
            person=person,
            contacts=_listed(person),
            channel_options=self._kinds(),
            push_key=self._desk.push_key,
            away=away_ahead(person, now=now) if person else (),
            held=_held_on_leave(directory, viewer.person, now),
            has_tokens="/admin/tokens" in self._gate.navigation.paths,
            has_theme="/theme" in self._gate.navigation.paths,
            steps={word: _steps(person, one) for word, one in _URGENCIES},
            names=_names(person),
            warned=warnings(
                person, directory, now=now, channels=self._desk.contacts.channels()
            )
            if person
            else [],
            shifts=ways_out(directory, viewer, shifts[:_MOST_SHIFTS], now=now),
            mine=mine,
            trial=self._trials.newest(viewer.person),
            directory=directory,
            waits=_waits(person, now) if person else None,
        )


_URGENCIES = (("high", Urgency.HIGH), ("low", Urgency.LOW))


def _listed(person: Person | None) -> list[dict[str, Any]]:
    """Every contact with what is shown of it; the admins' mail address has no id."""
    if person is None:
        return []
    usable = methods(person)
    own = {id(one) for one in person.contacts}
    return [
        {
            "id": id_of(one.channel, one.address) if id(one) in own else "",
            "channel": one.channel,
            "address": one.address,
            "label": one.label,
            "verified": one.verified,
            "used": one in usable,
        }
        for one in all_methods(person)
    ]


def _steps(person: Person | None, urgency: Urgency) -> list[dict[str, Any]]:
    """The line of time of one urgency: one's own steps, and the usual ones in force.

    The usual ones can be removed one by one where there are no own: that writes down the
    rest. Where own ones name nothing that works, they are shown beside those.
    """
    if person is None:
        return []
    own = [
        {
            "index": index,
            "after": rule.after,
            "by": rule.by,
            "works": rule_method(person, rule) is not None,
            "usual": False,
        }
        for index, rule in enumerate(person.rules(urgency))
    ]
    if any(step["works"] for step in own):
        return sorted(own, key=lambda step: step["after"])
    return own + [
        {
            "index": -1 if own else one.rule,
            "after": one.after,
            "by": one.by,
            "works": True,
            "usual": True,
        }
        for one in steps(person, urgency)
    ]


def _names(person: Person | None) -> list[str]:
    """What a step can name."""
    contacts = all_methods(person) if person is not None else ()
    return list(dict.fromkeys(one.label or one.channel for one in contacts))


def _waits(person: Person, now: datetime) -> datetime | None:
    """Until when a page of low urgency would wait if it came now."""
    if person.quiet is None:
        return None
    return quiet_until(person.quiet, zone_named(person.zone), now=now)


def _filled(person: Person | None) -> Form:
    if person is None:
        return Form()
    quiet = person.quiet
    return Form(
        {
            "full_name": person.full_name,
            "time_zone": person.zone,
            "region": person.region,
            "reminded": "on" if person.reminded else "",
            "from": f"{quiet.start:%H:%M}" if quiet else "",
            "to": f"{quiet.end:%H:%M}" if quiet else "",
        }
    )


def _form(form: FormData, problems: dict[str, str], said: str = "") -> Form:
    typed = {key: str(value) for key, value in form.items()}
    if "urgency" in typed:
        typed[f"{typed['urgency']}-after"] = typed.get("after", "")
    return Form(typed, problems, said)


def _given(problem: Problem) -> str:
    """What was typed, unless it may hold a credential."""
    given = "" if problem.is_secret else problem.given
    return f"{given!r} cannot be used. "[:120] if given else ""


def _bad_wait(text: str) -> str:
    try:
        length = parse(f"{text}m" if text.isdigit() else text)
    except BadDuration:
        return "Enter minutes, such as 5, or a time such as 30s."
    return "" if length <= timedelta(days=1) else "At most a day."


def _wait(step: dict[str, Any]) -> timedelta:
    return parse(str(step.get("after", "0s")))


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()[:500]


def _held_on_leave(
    directory: Directory, person: str, now: datetime
) -> list[tuple[Hole, str]]:
    """Turns that somebody has although they are away, and where to ask for cover."""
    found = []
    for schedule in directory.schedules.values():
        if not any(person in people_of(one) for one in schedule.rotations):
            continue
        for hole in holes_of(directory, schedule, now=now, ahead=LISTED):
            if hole.person != person:
                continue
            start = max(hole.start, this_minute(now))
            found.append(
                (
                    hole,
                    ask_cover(
                        schedule.name,
                        rotation=hole.rotation,
                        start=typed_as(start, schedule.zone),
                        end=typed_as(hole.end, schedule.zone),
                    ),
                )
            )
    return found
