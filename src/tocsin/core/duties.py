"""What each role of an incident is responsible for, in the article's words.

Who holds a role and how it is handed over is not here.
"""

from msgspec import Struct

HEADINGS = ("Role", "Responsibility")


class Duty(Struct, frozen=True):
    """One row of the table; `does` is the duty in more words, for who takes it on."""

    role: str
    responsibility: str
    does: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, str]:
        """The row in the order of the headings."""
        return (self.role, self.responsibility)


TABLE = (
    Duty(
        "IC",
        "Overall coordination",
        (
            "Coordinate all efforts",
            "Make decisions",
            "Communicate status",
            "Delegate tasks",
        ),
    ),
    Duty(
        "Lead",
        "Technical investigation",
        (
            "Gather data",
            "Identify changes",
            "Run the hypothesis board",
            "Test and fix",
        ),
    ),
    Duty(
        "Comms",
        "Internal/external comms",
        (
            "Keep the promised time of the next update",
            "Write for who reads it: colleagues, then customers",
            "Ask the IC to approve what goes outside",
        ),
    ),
    Duty(
        "Scribe",
        "Document timeline",
        (
            "Write down what was seen, decided and done, when it happens",
            "Ask when something stays unclear",
        ),
    ),
)


def duty_of(role: str) -> Duty | None:
    """The row of a role, named in any case; None for a role that is not in it."""
    return next((row for row in TABLE if row.role.lower() == role.lower()), None)
