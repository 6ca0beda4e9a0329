"""A status page while it is being written in a form: fields in, document out.

Nothing is lost between two presses of a button, however wrong it is. Components are
numbered from 0 in the names of fields.
"""

import base64
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile

from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain

FIELDS = (
    "name", "title", "team", "time_zone", "domain", "support", "accent",
)  # fmt: skip
FLAGS = ("private", "export")
MOST_COMPONENTS = 100
_PARTS = ("name", "title", "group", "description", "services")
_LONGEST = 500
# More than the largest logo, as it is said in the document.
_MOST_LOGO = 64 * 1024


@dataclass
class Draft:
    """The whole form. Each component is a field of text; `services` with commas."""

    values: dict[str, str] = field(default_factory=dict)
    components: list[dict[str, str]] = field(default_factory=list)
    logo: str = ""

    def change(self, word: str) -> None:
        """What a button does to the form: `add`, `up-2`, `drop-1`, `drop-logo`."""
        verb, _, number = word.partition("-")
        at = int(number) if number.isdigit() else -1
        if verb == "add" and len(self.components) < MOST_COMPONENTS:
            self.components.append(dict.fromkeys(_PARTS, ""))
        elif verb == "up" and 0 < at < len(self.components):
            rows = self.components
            rows[at - 1], rows[at] = rows[at], rows[at - 1]
        elif verb == "drop" and 0 <= at < len(self.components):
            del self.components[at]
        elif word == "drop-logo":
            self.logo = ""

    def document(self) -> Plain:
        """As a configuration document; what is empty is left out."""
        found: Plain = {
            one: self.values[one].strip()
            for one in FIELDS[1:]
            if self.values.get(one, "").strip()
        }
        found |= {one: True for one in FLAGS if self.values.get(one)}
        if self.logo:
            found["logo"] = self.logo
        taken: list[str] = []
        found["components"] = [
            _component(one, taken) for one in self.components if any(one.values())
        ]
        return found


def blank(team: str) -> Draft:
    """One component to begin with."""
    draft = Draft({"team": team})
    draft.change("add")
    return draft


def of_document(document: Plain) -> Draft:
    """The form of a page that is there."""
    values = {one: str(document.get(one, "")) for one in FIELDS}
    values |= {one: "on" if document.get(one) else "" for one in FLAGS}
    rows = [
        {
            **{part: str(one.get(part, "")) for part in _PARTS},
            "services": ", ".join(one.get("services", ())),
        }
        for one in document.get("components", ())
    ]
    return Draft(values, rows, str(document.get("logo", "")))


def of_form(form: FormData, *, name: str = "", logo: str = "") -> Draft:
    """What was typed; `logo` is the one that is kept unless another is sent."""
    values = {
        one: clean(str(form.get(one, "")), longest=_LONGEST) for one in FIELDS + FLAGS
    }
    values["name"] = name or slug(values["name"] or values["title"])
    rows = []
    for at in range(MOST_COMPONENTS):
        if f"c{at}-title" not in form:
            break
        rows.append(
            {
                part: clean(str(form.get(f"c{at}-{part}", "")), longest=2000)
                for part in _PARTS
            }
        )
    return Draft(values, rows, _sent(form) or logo)


def slug(text: str) -> str:
    """A part of an address: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")


def _sent(form: FormData) -> str:
    """The logo that was sent, as an address that holds it, "" when none was."""
    file = form.get("logo")
    if not isinstance(file, UploadFile) or not file.filename:
        return ""
    raw = file.file.read(_MOST_LOGO)
    kind = (file.content_type or "").partition(";")[0].strip().lower()
    return f"data:{kind};base64,{base64.b64encode(raw).decode()}"


def _component(one: dict[str, str], taken: list[str]) -> Plain:
    name = one["name"] or _unused(slug(one["title"]) or "part", taken)
    taken.append(name)
    found: Plain = {"name": name, "title": one["title"].strip() or name}
    for part in ("group", "description"):
        if one[part].strip():
            found[part] = one[part].strip()
    services = [s.strip() for s in one["services"].split(",") if s.strip()]
    if services:
        found["services"] = services
    return found


def _unused(name: str, taken: Sequence[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
