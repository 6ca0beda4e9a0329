"""The whole engine under a seeded world that breaks things, judged from outside.

The real store, core and engine run under a virtual clock; only the clock, the dice,
the providers, the senders and the people are made up (docs/operations/simulation.md).
"""


def main(
    *, seeds: int, start: int, seed: int | None, trace: bool, as_json: bool
) -> int:
    """`tocsin simulate`: 0 when every promise was kept, 1 when one was broken."""
    from tocsin.simulation import report

    if seed is not None:
        return report.one(seed, trace=trace, as_json=as_json)
    return report.many(start, seeds, as_json=as_json)
