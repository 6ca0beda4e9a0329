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
