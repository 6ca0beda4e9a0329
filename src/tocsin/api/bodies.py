"""What the API takes: bodies of requests, each field with its limits."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=4000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class Body(BaseModel):
    """Unknown fields are errors: a typing mistake must not be silent."""

    model_config = ConfigDict(extra="forbid")


class AlertIn(Body):
    """An event, as `tocsin send` sends it. Name a service or an integration."""

    title: Annotated[str, Field(max_length=1024)] = ""
    action: Literal["trigger", "acknowledge", "resolve"] = "trigger"
    key: Annotated[str, Field(max_length=1024)] = ""
    service: Annotated[str, Field(max_length=100)] = ""
    integration: Annotated[str, Field(max_length=100)] = ""
    severity: Literal["SEV1", "SEV2", "SEV3", "SEV4"] = "SEV2"
    description: Text = ""
    link: Annotated[str, Field(max_length=2048)] = ""
    labels: Annotated[
        dict[str, Annotated[str, Field(max_length=4000)]], Field(max_length=100)
    ] = {}


class SnoozeIn(Body):
    """Until when, at most 24 hours away."""

    until: datetime


class PassIn(Body):
    """To whom: a person, a team or a rotation (`schedule/rotation`)."""

    person: Annotated[str, Field(max_length=100)] = ""
    team: Annotated[str, Field(max_length=100)] = ""
    rotation: Annotated[str, Field(max_length=201)] = ""


class NoteIn(Body):
    """A line for the timeline."""

    text: Annotated[str, Field(min_length=1, max_length=4000)]


class FileIn(Body):
    """One configuration file."""

    name: Annotated[str, Field(min_length=1, max_length=400)]
    text: Annotated[str, Field(max_length=4_000_000)]


class ConfigIn(Body):
    """Files to apply, all or nothing."""

    files: Annotated[list[FileIn], Field(min_length=1, max_length=200)]
    prune: bool = False
    dry_run: bool = False


class MatcherIn(Body):
    """`name` `= != =~ !~` `value`."""

    name: Name
    value: Annotated[str, Field(max_length=512)]
    is_regex: bool = False
    is_equal: bool = True


class SilenceIn(Body):
    """What to keep quiet, from when to when, and why."""

    matchers: Annotated[list[MatcherIn], Field(max_length=50)]
    starts_at: datetime | None = None
    ends_at: datetime
    comment: Annotated[str, Field(min_length=1, max_length=1000)]
    service: Annotated[str, Field(max_length=100)] = ""
    ticket: Annotated[str, Field(max_length=400)] = ""
    # The id of one that ends as this one begins.
    replaces: Annotated[str, Field(max_length=64)] = ""


class CoverIn(Body):
    """What a silence would cover: matchers and a service, or only one of the two."""

    matchers: Annotated[list[MatcherIn], Field(max_length=50)] = []
    service: Annotated[str, Field(max_length=100)] = ""


class MaintenanceIn(Body):
    """Services that are worked on, from when to when, and why."""

    services: Annotated[list[Name], Field(min_length=1, max_length=200)]
    starts_at: datetime | None = None
    ends_at: datetime
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    ticket: Annotated[str, Field(max_length=400)] = ""
    public_text: Text = ""


class TestIn(Body):
    """A test of an integration; with `pages` it pages who is on call."""

    pages: bool = False


class TokenIn(Body):
    """What a token is for, what it may do and for how many days (none: for ever)."""

    label: Name
    scopes: Annotated[
        list[Literal["read", "send", "respond", "configure", "admin", "scim"]],
        Field(min_length=1, max_length=6),
    ]
    person: Annotated[str, Field(max_length=100)] = ""
    team: Annotated[str, Field(max_length=100)] = ""
    days: Annotated[int, Field(ge=1, le=731)] | None = 90


class MyContactIn(Body):
    """As in a configuration file; whether it is verified is not the caller's to say."""

    by: Annotated[str, Field(max_length=40)]
    address: Annotated[str, Field(max_length=500)]
    label: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    verified: bool | None = None


class RuleIn(Body):
    """A channel or a label, and how long after the page."""

    by: Annotated[str, Field(max_length=40)]
    after: Annotated[str, Field(max_length=40)] = "0s"


class NotifyIn(Body):
    """The steps of each urgency."""

    high: Annotated[list[RuleIn], Field(max_length=20)] | None = None
    low: Annotated[list[RuleIn], Field(max_length=20)] | None = None


class QuietHoursIn(Body):
    """Times on the wall; the end may be on the next day."""

    start: Annotated[str, Field(alias="from", max_length=5)]
    end: Annotated[str, Field(alias="to", max_length=5)]


class AwayIn(Body):
    """Days on which somebody is away, both included."""

    first: Annotated[str, Field(alias="from", max_length=10)]
    to: Annotated[str, Field(max_length=10)] | None = None
    rather_not: bool = False


class MeIn(Body):
    """What people keep themselves; null takes a field away."""

    full_name: Annotated[str, Field(max_length=100)] | None = None
    time_zone: Annotated[str, Field(max_length=60)] | None = None
    contacts: Annotated[list[MyContactIn], Field(max_length=12)] | None = None
    notify: NotifyIn | None = None
    quiet_hours: QuietHoursIn | None = None
    leave: Annotated[list[AwayIn], Field(max_length=60)] | None = None
    region: Annotated[str, Field(max_length=10)] | None = None


class ContactIn(Body):
    """A new contact: its channel, its address, and a label where there are two."""

    by: Annotated[str, Field(max_length=40)]
    address: Annotated[str, Field(max_length=500)]
    label: Annotated[str, Field(max_length=40)] = ""


class CodeIn(Body):
    """The six digits that were sent."""

    code: Annotated[str, Field(max_length=20)]


class TestPageIn(Body):
    """Which of one's steps to try."""

    urgency: Literal["high", "low"] = "high"


class MemberIn(Body):
    """As what somebody is in a team."""

    role: Literal["viewer", "responder", "lead"] = "responder"
