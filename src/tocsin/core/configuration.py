"""What can be configured: the objects, their fields and what they mean.

`read` turns plain data into checked documents; directory_building.py makes them a
Directory and checks what they say of each other. Knows no file and no database.
"""

# long because: every noun that can be configured, as one table.

from collections.abc import Mapping
from typing import Any

from tocsin.core.forms import (
    Field,
    Form,
    Plain,
    Problem,
    anything,
    check_duration,
    choice,
    clock_time,
    day,
    duration,
    instant,
    many,
    name,
    names,
    one,
    text,
    weekdays,
    whole,
    yes_no,
    zone,
)  # fmt: skip
from tocsin.core.incidents.roles import Role, role_named
from tocsin.core.people.people import CHANNELS
from tocsin.core.people.permissions import ROLES
from tocsin.core.runbooks import LONGEST as LONGEST_RUNBOOK
from tocsin.core.runbooks import BadRunbook
from tocsin.core.runbooks import parse as parse_runbook
from tocsin.core.severity import Severity

NOUNS = (
    "teams", "people", "schedules", "escalation_policies", "services", "integrations",
    "status_pages",
)  # fmt: skip
Documents = dict[str, dict[str, Plain]]

TYPES = (
    "prometheus",
    "alertmanager",
    "pagerduty-events",
    "generic",
    "heartbeat",
    "github",
    "mail-bounces",
    "kubernetes",
    "datadog",
)
TARGETS = ("user", "rotation", "schedule", "team", "round_robin")


def _after(about: str) -> Field:
    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            return check_duration(value, where, problems)
        result = {}
        for key, delay in value.items():
            if key not in Severity.__members__:
                problems.append(Problem(where, key, "SEV1, SEV2, SEV3 or SEV4"))
                continue
            result[key] = (
                "none"
                if delay in ("none", None)
                else check_duration(delay, f"{where}.{key}", problems)
            )
        return result

    delays = {"type": "object", "additionalProperties": {"type": "string"}}
    return Field(check, {"oneOf": [{"type": "string"}, delays]}, about)


def _targets(about: str, *, needed: bool) -> Field:
    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, list) or not value:
            expected = "at least one target, such as {user: alice}"
            problems.append(Problem(where, value, expected))
            return []
        found = []
        for index, target in enumerate(value):
            good = isinstance(target, Mapping) and len(target) == 1
            kind = next(iter(target), "") if good else ""
            if kind not in TARGETS:
                expected = "one of " + ", ".join(f"{{{k}: …}}" for k in TARGETS)
                problems.append(Problem(f"{where}[{index}]", target, expected))
                continue
            named = target[kind]
            if kind == "round_robin":
                if not isinstance(named, list) or not named:
                    expected = "a list of people"
                    problems.append(Problem(f"{where}[{index}]", named, expected))
                    continue
                named = [str(person) for person in named]
            else:
                named = str(named)
            found.append({kind: named})
        return found

    return Field(check, {"type": "array", "minItems": 1}, about, needed)


def _incident_roles(about: str) -> Field:
    inner = _targets(about, needed=False)

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            expected = "role: whom, such as {IC: [{rotation: platform/Commanders}]}"
            problems.append(Problem(where, value, expected))
            return {}
        found = {}
        for word, targets in value.items():
            role = role_named(str(word))
            if role is None:
                expected = "one of " + ", ".join(Role)
                problems.append(Problem(where, word, expected))
                continue
            found[role.value] = inner.check(targets, f"{where}.{word}", problems)
        return found

    schema = {"type": "object", "additionalProperties": inner.schema}
    return Field(check, schema, about)


def _runbook(about: str) -> Field:
    inner = text(about)

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        found = inner.check(value, where, problems)
        if len(found) > LONGEST_RUNBOOK:
            expected = f"at most {LONGEST_RUNBOOK:,} characters"
            problems.append(Problem(where, f"{len(found):,} characters", expected))
            return ""
        try:
            parse_runbook(found)
        except BadRunbook as error:
            expected = str(error).partition("expected ")[2]
            problems.append(Problem(where, str(found)[:60], expected))
        return found

    return Field(check, {**inner.schema, "maxLength": LONGEST_RUNBOOK}, about)


def _ack_timeout(about: str) -> Field:
    inner = _after(about)

    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        return "none" if value == "none" else inner.check(value, where, problems)

    return Field(check, inner.schema, about)


def _team_roles(about: str) -> Field:
    def check(value: Any, where: str, problems: list[Problem]) -> Any:
        if not isinstance(value, Mapping):
            expected = "team: role, such as {payments: lead}"
            problems.append(Problem(where, value, expected))
            return {}
        for team, role in value.items():
            if role not in ROLES:
                expected = "one of " + ", ".join(ROLES)
                problems.append(Problem(f"{where}.{team}", role, expected))
        return {str(team): role for team, role in value.items()}

    schema = {"type": "object", "additionalProperties": {"enum": list(ROLES)}}
    return Field(check, schema, about)


_RULE = Form(
    {
        "by": text("a channel, or the label of a contact", needed=True),
        "after": duration("how long after the person is paged"),
    }
)
_CONTACT = Form(
    {
        "by": choice("the channel", CHANNELS, needed=True),
        "address": text("where: a mail address, URL or topic", needed=True),
        "label": text("a name of its own, for `notify`"),
        "verified": yes_no("false until its owner has entered the code sent there"),
    }
)
_AWAY = Form(
    {
        "from": day("the first day, such as 2026-12-24", needed=True),
        "to": day("the last day; the first when missing"),
        "rather_not": yes_no("true for a wish: they can be on call if need be"),
    }
)
_SPAN = Form(
    {
        "start": instant("from when, such as 2026-12-24T08:00Z", needed=True),
        "end": instant("until when", needed=True),
    }
)
_QUIET_HOURS = Form(
    {
        "from": clock_time("when they begin, such as 22:00"),
        "to": clock_time("when they end, such as 07:00"),
    }
)
_ROTATION = Form(
    {
        "name": name("the rotation's name, such as Primary"),
        "users": names("who takes turns, in order", some=True),
        "start": text("the first handoff: Mon 9am, or 2026-11-23T09:00 (local)"),
        "length": duration("how long a turn is"),
        "layers": anything(
            "instead of users: full layers, as `tocsin schedules render` reads them",
            {"type": "array"},
        ),
        "gaps_allowed": yes_no(
            "true where hours without anybody are meant, and the next level answers"
        ),
        "overrides": anything("who stands in, from when to when", {"type": "array"}),
        "leave": anything("who is away, from when to when", {"type": "array"}),
        "given": anything(
            "the turns as a file last said them, where `layers` keeps what was before",
            {"type": "object"},
        ),
        "became": text("the name that a rotation which is gone has now"),
        "imported": anything(
            "shifts that a subscribed calendar wrote", {"type": "array"}
        ),
    }
)
_SHADOW = Form(
    {
        "rotation": text("which rotation they follow", needed=True),
        "user": text("who follows", needed=True),
        "from": instant("from when on"),
        "until": instant("until when"),
    }
)
_SUPPORT_HOURS = Form(
    {
        "from": clock_time("when they begin, such as 09:00"),
        "to": clock_time("when they end, such as 17:00"),
        "days": weekdays("on which days; Monday to Friday when missing"),
    }
)
_WHEN = Form(
    {
        "support_hours": yes_no("true: only in its team's; false: only outside"),
        "days": weekdays("only on these days, such as [mon, tue]"),
        "holiday": yes_no("true: only on public holidays of its team; false: not"),
        "local_night": yes_no("true: only for whom it is night (22-06); false: not"),
    }
)
_LEVEL = Form(
    {
        "after": _after("when, from the start of the loop; may differ by severity"),
        "page": _targets("whom this level pages", needed=True),
        "condition": choice(
            "when it still applies", ("if_not_acked", "if_not_resolved")
        ),
        "everyone_acks": yes_no("each person has to acknowledge for themselves"),
        "when": one(
            _WHEN, "at which times it pages; else it is passed over, and the next comes"
        ),
    }
)

_COMPONENT = Form(
    {
        "name": name("the component's name, such as card-payments"),
        "title": text("what customers call it"),
        "description": text("a line about it"),
        "group": text("the heading it stands under"),
        "services": names("services of ours that it needs"),
    }
)

FORMS: Mapping[str, Form] = {
    "teams": Form(
        {
            "name": name("the team's name"),
            "time_zone": zone("an IANA time zone such as Europe/Berlin"),
            "support_hours": one(_SUPPORT_HOURS, "when it gives support"),
            "region": text("whose public holidays it keeps, such as DE-BY"),
            "leads": names("people who lead it"),
            "incident_roles": _incident_roles(
                "whom to page when a role of an incident stays empty, such as "
                "{IC: [{rotation: platform/Commanders}]}"
            ),
        }
    ),
    "people": Form(
        {
            "name": name("the person's handle, such as alice"),
            "full_name": text("as others know them"),
            "email": text("their mail address"),
            "role": choice("what they may do", ROLES),
            "time_zone": zone("their own zone"),
            "teams": names("teams they belong to"),
            "team_roles": _team_roles("what they may do in a team, where it differs"),
            "active": yes_no("false for who left: neither paged nor let in"),
            "contacts": many(_CONTACT, "further ways to reach them"),
            "notify": one(
                Form(
                    {
                        "high": many(_RULE, "for urgent pages"),
                        "low": many(_RULE, "for the others"),
                    }
                ),
                "in which order they are reached",
            ),
            "leave": many(_AWAY, "days on which they are away"),
            "leave_imported": many(_AWAY, "days that a subscribed calendar wrote"),
            "leave_past": many(_SPAN, "when they were away, before `leave_since`"),
            "leave_since": instant("from when on the days above count"),
            "region": text("whose public holidays count, such as DE-BY"),
            "shift_reminders": yes_no("false: no word a day and an hour before"),
            "quiet_hours": one(
                _QUIET_HOURS, "when low urgency waits; high urgency never does"
            ),
            "chat": one(
                Form(
                    {
                        "matrix": text("such as @ana:example.org"),
                        "slack": text("their member id, such as U024BE7LH"),
                        "mattermost": text("their username"),
                    }
                ),
                "what chats call them: whoever writes under it acts as this person",
            ),
        }
    ),
    "schedules": Form(
        {
            "name": name("the schedule's name"),
            "team": text("the team it belongs to"),
            "time_zone": zone("its zone; the team's when missing"),
            "rotations": many(
                _ROTATION, "at least one rotation", needed=True, some=True
            ),
            "contact_test": yes_no("true: a test page when a shift begins by day"),
            "readiness": names("what is ticked before somebody's first shift"),
            "shadows": many(_SHADOW, "who follows whoever is on call"),
            "retired": many(_ROTATION, "rotations that are gone, with what was"),
        }
    ),
    "escalation_policies": Form(
        {
            "name": name("the policy's name"),
            "team": text("the team it belongs to"),
            "levels": many(_LEVEL, "at least one level", needed=True, some=True),
            "repeat": whole("how often it starts again", 0, 9),
            "wait": duration("how long after the last level"),
            "ack_timeout": _ack_timeout("how long an acknowledgement holds, or none"),
            "nag": duration("how often the fallback is paged again"),
            "fallback": _targets(
                "whom to page when every level was, such as [{user: carol}]; "
                "a policy without one could end in silence",
                needed=True,
            ),
        }
    ),
    "services": Form(
        {
            "name": name("the service's name"),
            "team": text("the team that owns it"),
            "escalation_policy": text("who is paged for it", needed=True),
            "description": text("what it does"),
            "private": yes_no("whether only its team and admins may know of it"),
            "depends_on": names("services that it needs to work"),
            "declare_incident": choice(
                "alerts as severe as this declare an incident by themselves",
                tuple(Severity.__members__),
            ),
            "runbook": _runbook("what to do when it breaks, in Markdown"),
        }
    ),
    "integrations": Form(
        {
            "name": name("the integration's name"),
            "type": choice("what sends", TYPES, needed=True),
            "service": text("the service that its alerts are about", needed=True),
            "key": text("the secret part of its address; made when missing"),
            "key_before": text("the key it had before, good until key_before_until"),
            "key_before_until": instant("until when the former key is good"),
            "paused": yes_no("whether it takes nothing for now"),
            "severities": anything("source word to SEV1-SEV4", {"type": "object"}),
            "may_declare_sev1": yes_no("whether its critical alerts are SEV1"),
            "mapping": anything("our field to a path in the body", {"type": "object"}),
            "resolved_words": names("status words that mean resolved"),
            "period": duration("how often a heartbeat comes"),
            "grace": duration("how late it may be"),
        }
    ),
    "status_pages": Form(
        {
            "name": name("the page's name, a part of its address"),
            "title": text("what stands on top, such as Meridian Pay", needed=True),
            "team": text("the team that keeps it"),
            "time_zone": zone("in which its days and times are told"),
            "private": yes_no("whether only who is signed in may see it"),
            "domain": text("a host name of its own, such as status.example.com"),
            "support": text("where customers ask: an address of a page or mail"),
            "accent": text("one colour, such as #0b655d"),
            "logo": text("an image as data:image/png;base64,… of 16 kB at most"),
            "export": yes_no(
                "whether its files are written on every change, for a web server"
            ),
            "components": many(
                _COMPONENT, "at least one component", needed=True, some=True
            ),
        }
    ),
}
ORGANISATION = Form(
    {
        "name": text("what the installation calls itself"),
        "time_zone": zone("the zone of whoever has none"),
    }
)
RULE = Form(
    {
        "name": name("the rule's name"),
        "condition": text("such as: error_rate > 0.05 for 5 minutes", needed=True),
        "action": text("such as: Page on-call", needed=True),
        "severity": choice("its severity", tuple(Severity.__members__)),
        "runbook": text("where to look"),
        "owner": text("the team that owns it"),
        "service": text("the service it watches"),
    }
)


def read(data: Any, where: str) -> tuple[Documents, list[Problem]]:
    """The documents in one file's plain data, and everything wrong with it."""
    problems: list[Problem] = []
    documents: Documents = {}
    if isinstance(data, list):
        _read_rules(data, where, documents, problems)
        return documents, problems
    if not isinstance(data, Mapping):
        expected = "sections such as people:, schedules:, services:"
        return documents, [Problem(where, data, expected)]
    for section, value in data.items():
        _read_section(str(section), value, where, documents, problems)
    return documents, problems


def _read_section(
    section: str, value: Any, where: str, into: Documents, problems: list[Problem]
) -> None:
    if section == "organisation":
        read_one = ORGANISATION.read(value, f"{where}: organisation", problems)
        into["organisation"] = {"organisation": read_one}
    elif section == "schedule":
        # The article's block; compiled once the other files are known.
        into["article"] = {where: dict(value) if isinstance(value, Mapping) else {}}
    elif section == "rules":
        _read_rules(value, where, into, problems)
    elif section in FORMS:
        _read_many(section, value, where, into, problems)
    else:
        known = ", ".join(("organisation", *NOUNS, "schedule", "rules"))
        problems.append(Problem(f"{where}: {section}", value, f"one of {known}"))


def _read_many(
    section: str, value: Any, where: str, into: Documents, problems: list[Problem]
) -> None:
    if not isinstance(value, list):
        problems.append(Problem(f"{where}: {section}", value, "a list"))
        return
    found = into.setdefault(section, {})
    for index, item in enumerate(value):
        label = item.get("name") if isinstance(item, Mapping) else None
        place = f"{where}: {section}[{label or index}]"
        document = FORMS[section].read(item, place, problems)
        key = document.get("name", "")
        if key in found:
            problems.append(Problem(place, key, "a name that is used once"))
        if key:
            found[key] = document


def _read_rules(
    value: Any, where: str, into: Documents, problems: list[Problem]
) -> None:
    if not isinstance(value, list):
        problems.append(Problem(f"{where}: rules", value, "a list of rules"))
        return
    found = into.setdefault("rules", {})
    for index, item in enumerate(value):
        label = item.get("name") if isinstance(item, Mapping) else None
        place = f"{where}: rules[{label or index}]"
        document = RULE.read(item, place, problems)
        if document.get("name"):
            found[document["name"]] = document


def schema() -> Mapping[str, Any]:
    """The JSON Schema of a configuration file."""
    properties: dict[str, Any] = {
        noun: {"type": "array", "items": form.schema()} for noun, form in FORMS.items()
    }
    properties["organisation"] = ORGANISATION.schema()
    properties["rules"] = {"type": "array", "items": RULE.schema()}
    properties["schedule"] = {
        "type": "object",
        "description": "rotation and escalation",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tocsin configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
