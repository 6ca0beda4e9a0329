"""Who is paged next and when, for the page link, the mail and the web. A dry run."""

from datetime import datetime

from msgspec import Struct

from tocsin.core.pages.escalation import (
    OnCall,
    Policy,
    Run,
    RunState,
    Ticked,
    Turns,
    after_turns,
)
from tocsin.core.pages.escalation_steps import step


class Coming(Struct, frozen=True):
    """The next act of paging if nobody answers."""

    at: datetime
    people: tuple[str, ...]
    level: int

    @property
    def sentence(self) -> str:
        """For people."""
        who = " and ".join(self.people)
        verb = "is" if len(self.people) == 1 else "are"
        return f"{who} {verb} paged at {self.at:%H:%M:%S} UTC unless you answer"


def next_up(
    policy: Policy, run: Run, *, on_call: OnCall, turns: Turns, now: datetime
) -> Coming | None:
    """What the run's next timer will do, by the very function that will do it."""
    for _ in range(8):
        if run.due_at is None or run.state in (RunState.PAUSED, RunState.RESOLVED):
            return None
        at = max(run.due_at, now)
        decision = step(policy, run, Ticked(), now=at, on_call=on_call, turns=turns)
        if decision.pages:
            people = tuple(dict.fromkeys(page.user for page in decision.pages))
            return Coming(at, people, decision.pages[0].level)
        if decision.run == run:
            return None
        run, now = decision.run, at
        turns = after_turns(turns, decision.turns)
    return None
