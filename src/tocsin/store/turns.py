"""Whose turn it is in the round robins of a policy: a count per level, never reset.

Counted by name, so that an edit of the policy goes on where it was. Knows nobody.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from tocsin.core.pages.escalation import Turns
from tocsin.store.database import Tx

# Which levels of which policies page somebody in turn.
Rings = Mapping[str, Collection[int]]


def of(tx: Tx, policies: Sequence[str]) -> dict[str, Turns]:
    """The counts of each of `policies`, for showing."""
    return _found(tx, policies)


def begin(tx: Tx, rings: Rings) -> None:
    """A count for each level that has none yet.

    Done when a policy is first used: beside another that adds the same it would wait.
    """
    known = _found(tx, sorted(rings))
    # In one order everywhere: two that wait for each other would both fail.
    places = [(name, level) for name in sorted(rings) for level in sorted(rings[name])]
    missing = [(*one, 0) for one in places if one[1] not in known[one[0]]]
    if missing:
        tx.many(
            "insert into round_robin_turns (policy, level, turns) values (?, ?, ?) "
            "on conflict (policy, level) do nothing",
            missing,
        )


def hold(tx: Tx, rings: Rings) -> dict[str, Turns]:
    """The counts of these levels of policies, locked until the transaction ends.

    Two engines never give the same turn away: the second waits for the first.
    """
    begin(tx, rings)
    return _found(tx, sorted(rings), lock=tx.for_update)


def hold_free(tx: Tx, rings: Rings) -> dict[str, Turns]:
    """The same without waiting: policies of which another holds a level are left out."""
    begin(tx, rings)
    found = _found(tx, sorted(rings), lock=tx.skip_locked)
    return {name: had for name, had in found.items() if had.keys() >= set(rings[name])}


def take(tx: Tx, policy: str, levels: Sequence[int]) -> None:
    """Each of `levels` has paged somebody in turn, as often as it is named."""
    for level, count in Counter(levels).items():
        tx.run(
            "insert into round_robin_turns (policy, level, turns) "
            "values (:policy, :level, :count) on conflict (policy, level) "
            "do update set turns = round_robin_turns.turns + :count",
            policy=policy,
            level=level,
            count=count,
        )


def _found(tx: Tx, policies: Sequence[str], *, lock: str = "") -> dict[str, Turns]:
    found: dict[str, dict[int, int]] = {name: {} for name in policies}
    if not policies:
        return {}
    names = {f"name{index}": name for index, name in enumerate(found)}
    rows = tx.all(
        "select policy, level, turns from round_robin_turns where policy in "
        f"({', '.join(f':{one}' for one in names)}) order by policy, level{lock}",
        **names,
    )
    for policy, level, turns in rows:
        found[policy][level] = turns
    return dict(found)
