"""What the API takes about reviews, actions and steps of runbooks."""

from typing import Annotated, Literal

from pydantic import Field

from tocsin.api.bodies import Body, Text

Word = Annotated[str, Field(max_length=200)]


class ReviewIn(Body):
    """The incident whose review is asked for."""

    incident: Annotated[int, Field(ge=1, le=2**62)]


class SectionIn(Body):
    """A section in Markdown; an optional one that is empty goes."""

    text: Annotated[str, Field(max_length=60_000)]


class HeadingIn(Body):
    """A section by its heading."""

    heading: Annotated[str, Field(min_length=1, max_length=100)]


class DismissIn(Body):
    """A piece of advice by its key."""

    key: Annotated[str, Field(min_length=1, max_length=20)]


class OwnerIn(Body):
    """Who writes it."""

    owner: Annotated[str, Field(min_length=1, max_length=100)]


class ReviewStateIn(Body):
    """Another state. `reviewer` for in_review; `reason` to waive or to send back."""

    state: Literal["draft", "in_review", "reviewed", "closed", "waived"]
    reviewer: Word = ""
    reason: Text = ""


class ProofIn(Body):
    """What shows that an action is done, or why nothing does."""

    proof: Annotated[str, Field(min_length=1, max_length=2000)]


class PromiseIn(Body):
    """Who owes an action until when, and the ticket that follows it; empty stays."""

    owner: Word = ""
    due: Word = ""
    ticket: Word = ""


class TickIn(Body):
    """What became of a step; `open` takes it back."""

    result: Literal["done", "skipped", "failed", "open"] = "done"
