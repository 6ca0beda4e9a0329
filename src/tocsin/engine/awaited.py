"""Whether somebody is still to answer an alert that another has acknowledged.

Where each person of a level has to acknowledge for themselves (domain 2.4), one's answer
neither stands for the others' nor makes their pages idle.
"""

import msgspec

from tocsin.core.alerts.alerts import Alert, Status
from tocsin.core.pages.escalation import RunState, each_must_answer
from tocsin.store import escalation as stored_runs
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx


def is_awaited(tx: Tx, alert: Alert, person: str) -> bool:
    """Whether `person` was paged for it and has to answer beside who did."""
    if alert.status is not Status.ACKNOWLEDGED or alert.acked_by == person:
        return False
    stored = stored_runs.get(tx, alert.number)
    if stored is None:
        return False
    try:
        run = stored_runs.run_of(stored)
        policy = stored_runs.policy_of(tx, stored.policy_version)
    except msgspec.DecodeError:
        return False  # a damaged run is set aside by its timer, and stops nobody
    if run.state is not RunState.ACKED or person in run.acked_by:
        return False
    return each_must_answer(policy, run) and stored_pages.was_paged(
        tx, alert.number, person
    )
