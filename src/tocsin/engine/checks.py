"""One line of the preflight list: what was looked at, how it is, what to do."""

from msgspec import Struct

# `off`: not configured, or not looked at; said honestly, and no fault by itself.
OK, WARN, BAD, OFF = "ok", "warn", "bad", "off"


class Check(Struct, frozen=True):
    """`says` is a sentence without its full stop; `todo` is empty where all is well."""

    name: str
    state: str
    says: str
    todo: str = ""
