"""A hand-over and a run, event by event: who is paged, who is left in peace."""

from tests.core.pages.test_escalation import BOB, CAROL, at, level
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import (
    Decision,
    Policy,
    Reason,
    Run,
    RunState,
    Target,
    TargetKind,
)
from tocsin.core.pages.escalation_steps import begin, step
from tocsin.core.severity import Severity

PRIMARY = Target(TargetKind.ROTATION, "pay/Primary")
POLICY = Policy("pay", (level(0, PRIMARY), level(15, BOB)), (CAROL,))
MOVE = e.HandedOver("pay/Primary", off=("alice",), on=("dan",))


class Play:
    """A run of POLICY; `primary` is who has the rotation."""

    def __init__(self) -> None:
        self.primary = "alice"
        first = begin(POLICY, severity=Severity.SEV2, now=at(0), on_call=self.on_call)
        self.run: Run = first.run

    def on_call(self, target: Target) -> tuple[str, ...]:
        return (self.primary,) if target == PRIMARY else (target.name,)

    def do(self, minute: float, event: e.Event) -> Decision:
        decision = step(POLICY, self.run, event, now=at(minute), on_call=self.on_call)
        self.run = decision.run
        return decision

    def hand_over(self, minute: float, to: str = "dan") -> Decision:
        move = e.HandedOver("pay/Primary", off=(self.primary,), on=(to,))
        self.primary = to
        return self.do(minute, move)


def paged(decision: Decision) -> list[str]:
    return [page.user for page in decision.pages]


def test_who_comes_is_paged_and_the_clock_goes_on() -> None:
    play = Play()
    due = play.run.due_at
    moved = play.hand_over(5)
    assert paged(moved) == ["dan"]
    assert moved.cancel == e.Cancel(users=("alice",))
    assert play.run.due_at == due
    assert paged(play.do(15, e.Ticked())) == ["bob"]


def test_who_was_paged_at_another_level_is_not_paged_again_but_the_other_rests() -> (
    None
):
    play = Play()
    play.do(15, e.Ticked())
    moved = play.hand_over(16, to="bob")
    assert moved.pages == ()
    assert moved.cancel == e.Cancel(users=("alice",))


def test_a_silence_keeps_the_hand_over_for_its_end() -> None:
    play = Play()
    play.do(1, e.Paused("silence:1"))
    kept = play.hand_over(5)
    assert kept.pages == ()
    play.hand_over(6, to="erin")
    ended = play.do(10, e.Resumed("silence:1"))
    assert paged(ended) == ["erin"]
    assert ended.cancel == e.Cancel(users=("alice", "dan"))
    assert ended.revive_cancelled_since == at(1)
    assert play.run.moves == ()


def test_what_is_taken_back_after_a_silence_knows_of_the_hand_over() -> None:
    play = Play()
    play.do(1, e.Acked("alice"))
    play.do(1.1, e.Paused("silence:1"))
    play.hand_over(1.2)
    play.do(1.25, e.Resumed("silence:1"))
    assert play.run.state is RunState.ACKED
    undone = play.do(1.3, e.AckUndone("alice"))
    assert paged(undone) == ["dan"]
    assert undone.cancel == e.Cancel(users=("alice",))


def test_what_a_silence_called_off_comes_back_with_an_acknowledgement_undone() -> None:
    play = Play()
    play.do(1, e.Paused("silence:1"))
    play.do(5, e.Acked("alice"))
    play.do(5.1, e.Resumed("silence:1"))
    undone = play.do(5.2, e.AckUndone("alice"))
    assert undone.revive_cancelled_since == at(1)


def test_a_hand_over_that_was_told_or_is_past_is_not_told_again() -> None:
    play = Play()
    play.do(1, e.Paused("silence:1"))
    play.hand_over(2)
    play.do(3, e.Acked("bob"))
    play.do(4, e.Resumed("silence:1"))
    passed_on = play.do(5, e.Reassigned(Target(TargetKind.USER, "alice"), "bob"))
    assert paged(passed_on) == ["alice"]
    play.do(6, e.Paused("silence:2"))
    ended = play.do(7, e.Resumed("silence:2"))
    assert ended.pages == ()
    assert ended.cancel is None


def test_what_somebody_has_stays_with_them() -> None:
    play = Play()
    play.do(1, e.Acked("alice"))
    assert play.hand_over(5).pages == ()
    assert play.run.state is RunState.ACKED
    assert play.run.acked_by == ("alice",)


def test_a_rotation_that_no_level_of_the_run_names_changes_nothing() -> None:
    play = Play()
    other = e.HandedOver("pay/Other", off=("alice",), on=("dan",))
    assert play.do(1, other).reason is Reason.NOT_DUE
