"""Solves the puzzle of a fair rota with HiGHS, in a process of its own.

A solver may run long and hold its process; pages must not wait for it. The child reads
one JSON object and writes one; it is ended when its time is over.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from tocsin.core.oncall.fair_rota import CHANGE, EASED, WISH, Puzzle, as_it_is
from tocsin.interfaces.failures import NoSolver

SECONDS = 6.0
_GRACE = 3.0
_FEASIBLE = 2  # as HiGHS numbers what it says of its solution


def solve(puzzle: Puzzle, *, seconds: float = SECONDS) -> list[int] | None:
    """Who has each turn; None where it is proved that none keeps the hard rules.

    Blocks for `seconds` at most, and a little more to start. Raises NoSolver.
    """
    asked = {
        "weight": puzzle.weight,
        "carried": puzzle.carried,
        "blocked": sorted(puzzle.blocked | puzzle.tired),
        "eased": sorted(puzzle.eased),
        "wishes": sorted(puzzle.wishes),
        "apart": puzzle.apart,
        "now": as_it_is(puzzle),
        "seconds": seconds,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin.solving"],
            input=msgspec.json.encode(asked),
            capture_output=True,
            timeout=seconds + _GRACE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSolver(f"The solver gave no answer: {type(error).__name__}.") from None
    if done.returncode:
        missing = b"No module named" in done.stderr
        why = "is not installed: pip install 'tocsin[fair]'" if missing else "failed"
        raise NoSolver(f"The solver {why}.")
    answer = msgspec.json.decode(done.stdout)
    if answer["picked"] is None and not answer["none"]:
        raise NoSolver("The solver found no answer in its time.")
    picked: list[int] | None = answer["picked"]
    return picked


# long because: the model, constraint after constraint.
def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    import highspy

    weight: Sequence[Sequence[float]] = asked["weight"]
    people, turns = range(len(weight)), range(len(weight[0]))
    blocked = {tuple(one) for one in asked["blocked"]}
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("time_limit", float(asked["seconds"]))
    # The last hundredth of evenness is not worth the wait.
    solver.setOptionValue("mip_rel_gap", 0.01)
    has = {
        (p, t): solver.addBinary()
        for p in people
        for t in turns
        if (p, t) not in blocked
    }
    for t in turns:
        taking = [has[p, t] for p in people if (p, t) in has]
        if not taking:
            return {"picked": None, "none": True}
        solver.addConstr(solver.qsum(taking) == 1)
    for one, other in asked["apart"]:
        for p in people:
            if (p, one) in has and (p, other) in has:
                solver.addConstr(has[p, one] + has[p, other] <= 1)
    mean = sum(map(sum, weight)) / (len(weight) * len(weight[0]))
    costs = [
        (WISH * mean) * has[p, t]
        for p, t in map(tuple, asked["wishes"])
        if (p, t) in has
    ]
    costs += [
        (CHANGE * mean) * has[p, t] for p, t in has if asked["now"][t] not in (p, -1)
    ]
    costs += [
        (EASED * mean) * has[p, t]
        for p, t in map(tuple, asked["eased"])
        if (p, t) in has
    ]
    solver.minimize(solver.qsum([_spread(solver, has, asked), *costs]))
    values = solver.getSolution().col_value
    if solver.getInfo().primal_solution_status != _FEASIBLE or not values:
        return {"picked": None, "none": _is_none(solver)}
    picked = [
        max(
            (p for p in people if (p, t) in has),
            key=lambda p: values[has[p, t].index],
        )
        for t in turns
    ]
    return {"picked": picked, "none": False}


def _is_none(solver: Any) -> bool:
    """Whether it is proved that there is no answer, not only that none was found."""
    from highspy import HighsModelStatus as Status

    # What is asked for is never below 0, so an answer cannot be without bound.
    none = (Status.kInfeasible, Status.kUnboundedOrInfeasible)
    return solver.getModelStatus() in none


def _spread(solver: Any, has: dict[tuple[int, int], Any], asked: dict[str, Any]) -> Any:
    """Between who has most and who has least."""
    most, least = solver.addVariable(), solver.addVariable()
    for p, row in enumerate(asked["weight"]):
        mine = [one * has[p, t] for t, one in enumerate(row) if (p, t) in has]
        if mine:
            load = solver.qsum(mine) + asked["carried"][p]
            solver.addConstr(load <= most)
            solver.addConstr(load >= least)
    return most - least


def main() -> None:
    """The child."""
    asked = msgspec.json.decode(sys.stdin.buffer.read())
    # Whatever the library prints goes elsewhere.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with os.fdopen(answers, "wb") as out:
        out.write(msgspec.json.encode(_answer(asked)))


if __name__ == "__main__":
    main()
