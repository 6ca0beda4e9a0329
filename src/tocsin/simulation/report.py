"""What `tocsin simulate` prints."""

import json
import sys

from tocsin.simulation.runner import Outcome, Summary, play, play_all


def one(seed: int, *, trace: bool, as_json: bool) -> int:
    """Play one seed; its history when asked for."""
    outcome = play(seed, keep_history=trace)
    if as_json:
        _print_json(
            {
                "seed": seed,
                "history": outcome.digest,
                "violations": [str(one) for one in outcome.violations],
                "faults": outcome.fired,
                "lines": list(outcome.lines),
            }
        )
    else:
        for line in outcome.lines:
            print(line)
        for violation in outcome.violations:
            print(violation)
        print(
            f"seed {seed}: {outcome.calls} provider calls, "
            f"{len(outcome.violations)} broken promises, history {outcome.digest}"
        )
    return 1 if outcome.violations else 0


def many(start: int, count: int, *, as_json: bool) -> int:
    """Play `count` seeds from `start`; say at once which one fails."""
    summary = Summary()
    for outcome in play_all(range(start, start + count)):
        summary.add(outcome)
        if outcome.violations and not as_json:
            _print_failure(outcome)
        if not as_json and sys.stderr.isatty():
            print(f"\r{summary.outages} of {count}", end="", file=sys.stderr)
    if as_json:
        _print_json(
            {
                "outages": summary.outages,
                "calls": summary.calls,
                "violations": [str(one) for one in summary.violations],
                "faults": dict(sorted(summary.fired.items())),
            }
        )
    else:
        print(
            f"{summary.outages} outages, {summary.calls} provider calls, "
            f"{sum(summary.fired.values())} faults of {len(summary.kinds)} kinds, "
            f"{len(summary.violations)} broken promises"
        )
    return 1 if summary.violations else 0


def _print_failure(outcome: Outcome) -> None:
    for violation in outcome.violations[:5]:
        print(violation)
    print(f"  play it again: tocsin simulate --seed {outcome.seed} --trace")


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))
