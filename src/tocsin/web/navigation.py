"""Where one can go: the entries of the rail, the phone's tabs and the "go to" keys.

An entry is shown when its page exists and the viewer may open it. A new page adds a line.
"""

from collections.abc import Collection, Sequence

from msgspec import Struct

from tocsin.engine.signing_in.sign_in import Viewer


class Entry(Struct, frozen=True):
    """One page of the map. `go` is the key that follows `g`."""

    key: str
    label: str
    href: str
    icon: str
    group: str = ""
    role: str = "viewer"
    go: str = ""
    tab: bool = False


ADMIN_GROUP = "Admin"
SETUP_GROUP = "Set-up"
LEARN_GROUP = "Learn"
ME = "me"

ENTRIES: tuple[Entry, ...] = (
    Entry("home", "Home", "/", "flame", go="h", tab=True),
    Entry("alerts", "Alerts", "/alerts", "bell-ring", go="a", tab=True),
    Entry("incidents", "Incidents", "/incidents", "siren", go="n", tab=True),
    Entry("oncall", "On-call", "/oncall", "calendar-clock", go="o", tab=True),
    Entry("services", "Services", "/services", "layers", SETUP_GROUP, go="s"),
    Entry("policies", "Escalation", "/policies", "route", SETUP_GROUP, go="p"),
    Entry("schedules", "Schedules", "/schedules", "calendar-days", SETUP_GROUP, go="c"),
    Entry("quiet", "Quiet times", "/quiet", "bell-off", SETUP_GROUP, go="q"),
    Entry("status", "Status pages", "/status-pages", "megaphone", SETUP_GROUP, go="u"),
    Entry("reviews", "Reviews", "/reviews", "notebook-pen", LEARN_GROUP, go="r"),
    Entry("actions", "Actions", "/actions", "list-checks", LEARN_GROUP),
    Entry("integrations", "Integrations", "/admin/integrations", "plug", ADMIN_GROUP, go="i"),
    Entry("people", "People", "/admin/people", "users-round", ADMIN_GROUP),
    Entry("teams", "Teams", "/admin/teams", "network", ADMIN_GROUP, go="t"),
    Entry("tokens", "Tokens", "/admin/tokens", "key-round", ADMIN_GROUP),
    Entry("audit", "Audit", "/admin/audit", "scroll-text", ADMIN_GROUP, "lead"),
    Entry("messages", "Message log", "/admin/messages", "mails", ADMIN_GROUP, "lead"),
    Entry("outbox", "Outbox", "/admin/outbox", "send", ADMIN_GROUP, "admin"),
    Entry("health", "Health", "/admin/health", "activity", ADMIN_GROUP),
    Entry("demo", "Demo", "/demo", "play", ADMIN_GROUP),
    Entry(ME, "Me", "/me", "user-round", ME, go="m", tab=True),
)  # fmt: skip
# The phone's way to all the rest; it is also the page of the `/` key.
MORE = Entry("find", "More", "/find", "search", ME, tab=True)


class Navigation:
    """The entries of a site whose routes are `paths`."""

    def __init__(self) -> None:
        self.paths: Collection[str] = ()

    def entries(self, viewer: Viewer) -> list[Entry]:
        """What `viewer` may open, in order."""
        return [
            one
            for one in ENTRIES
            if one.href in self.paths
            and (one.role == "viewer" or viewer.may_somewhere(one.role))
        ]

    def groups(self, viewer: Viewer) -> list[tuple[str, Sequence[Entry]]]:
        """The rail: (heading, entries), without `me`, which has its place below."""
        entries = self.entries(viewer)
        headings = dict.fromkeys(one.group for one in entries if one.group != ME)
        return [
            (heading, [one for one in entries if one.group == heading])
            for heading in headings
        ]

    def tabs(self, viewer: Viewer) -> list[Entry]:
        """The phone's tabs: the most needed pages, the way to all others, and me."""
        tabs = [one for one in self.entries(viewer) if one.tab]
        if MORE.href in self.paths:
            at = len(tabs) - 1 if tabs and tabs[-1].key == ME else len(tabs)
            tabs.insert(at, MORE)
        return tabs


def here(path: str) -> str:
    """The key of the entry that `path` belongs to, empty when none does."""
    found = [
        one
        for one in (*ENTRIES, MORE)
        if path == one.href or (one.href != "/" and path.startswith(one.href + "/"))
    ]
    return max(found, key=_length).key if found else ""


def _length(entry: Entry) -> int:
    return len(entry.href)
