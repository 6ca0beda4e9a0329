"""From a resolved incident to what changes: draft, review, actions, reminders, by HTTP."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage, StagedInstallation
from tocsin.app import Installation
from tocsin.core.reviews.postmortems import MARK

RUNBOOK = """\
## Checkout Errors Runbook

## Diagnosis
1. Compare with the last deploy

## Resolution
1. Roll back checkout

## Prevention
- Add connection pool limits
"""
MORE = f"""
teams: [{{name: payments, time_zone: Europe/Berlin, leads: [carol]}}]
people: [{{name: dan, email: dan@example.com, role: viewer}}]
services:
  - {{name: checkout, team: payments, escalation_policy: payments, runbook: {json.dumps(RUNBOOK)}}}
"""
DRAFT = """\
## Incident Post-Mortem
INC-1 Card payments fail (SEV2, 2024-03-04)

## Summary
Payments work again.

Version 417 is back and holds.

## Impact
- Users affected: 10,000
- Duration: 26 minutes
- Revenue impact: $1,200
- Seen by customers: Card payments in the EU fail

## Root Cause

## Contributing Factors
- The deploy of 08:54 (errors since 08:54)

## Detection
- Time to detect: 5 min
- Time to declare: 2 min
- Time to identify: 12 min

## Response
- IC: alice, from 10:02
- Lead: bob, from 10:02

## Timeline
- 10:00 [Opened: Checkout errors 31%]({alert})
- 10:00 [Paged alice]({alert})
- 10:01 [alice has it, until 09:31 UTC.]({alert})
- 10:02 alice declared a SEV2
- 10:02 Investigating: alice is Incident commander
- 10:12 The cause is identified
- 10:12 Roll back
- 10:12 Update to customers: We have found the cause.
- 10:21 The impact has ended; watching
- 10:21 Rolled back to 417
- 10:26 Update to customers
- 10:56 Resolved

## Action Items
- [ ] Ask the bank for a test card (Id: ACT-1)
- [ ] alert on declined cards (Id: ACT-2)
- [ ] Better testing (Id: ACT-3)
- [ ] Add connection pool limits (Id: ACT-4)
"""


class Mailing(StagedInstallation):
    """Notes what it was asked to mail."""

    mails: list[tuple[str, str]]

    def send_mail(self, to: str, subject: str, text: str, *, key: str = "") -> str:
        self.mails.append((to, subject))
        return "taken"


class MailedStage(Stage):
    """A stage with a mailbox."""

    def make(self, settings: Any) -> Installation:
        self.staged = Mailing(settings, clock=self.clock)
        self.mails = self.staged.mails = []
        return self.staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[MailedStage]:
    made = MailedStage(tmp_path, MORE, people=("alice", "bob", "carol", "dan"))
    with TestClient(made) as client:
        made.open(client)
        yield made
    made.installation.stop()


# long because: one incident is told from its beginning to its end.
def resolved(stage: Stage) -> int:
    """An incident with everything that a review can know of."""
    alert = stage.do(
        "bob", "/alerts", title="Checkout errors 31%", service="checkout",
        severity="SEV2", key="errors",
    )["number"]  # fmt: skip
    stage.pass_time(minutes=1)
    stage.do("alice", f"/alerts/{alert}/acknowledge")
    stage.pass_time(minutes=1)
    number = int(
        stage.do("alice", "/incidents", title="Card payments fail", alerts=[alert])[
            "number"
        ]
    )
    path = f"/incidents/{number}"
    stage.do("alice", f"{path}/roles/ic", do="take")
    stage.do("alice", f"{path}/roles/lead", do="offer", to="bob")
    stage.do("bob", f"{path}/roles/lead", do="accept")
    stage.do(
        "alice", f"{path}/impact", text="Card payments in the EU fail", users=10000,
        revenue="$1,200", start="2024-03-04T08:55:00Z",
    )  # fmt: skip
    stage.pass_time(minutes=10)
    books = stage.ask("bob", "GET", f"{path}/runbook").json()["runbooks"]
    stage.do("bob", f"{path}/runbook/{books[0]['diagnosis'][0]['id']}", result="done")
    wrong = stage.do("bob", f"{path}/hypotheses", statement="The bank is down")["made"]
    stage.do("bob", f"{path}/hypotheses/{wrong}", state="refuted", finding="it answers")
    right = stage.do("bob", f"{path}/hypotheses", statement="The deploy of 08:54")
    stage.do(
        "bob", f"{path}/hypotheses/{right['made']}", state="supported",
        finding="errors since 08:54",
    )  # fmt: skip
    stage.do("alice", f"{path}/decisions", text="Roll back")
    outside = stage.do(
        "bob", f"{path}/updates", audience="external", stage="identified",
        body="We have found the cause.", minutes=20,
    )["made"]  # fmt: skip
    stage.do("alice", f"{path}/updates/{outside}", approve=True)
    task = stage.do(
        "alice", f"{path}/tasks", text="Ask the bank for a test card", assignee="bob"
    )["made"]
    stage.do("alice", f"{path}/tasks/{task}", state="moved")
    stage.do("bob", f"{path}/entries", text="TODO: alert on declined cards")
    stage.pass_time(minutes=9)
    stage.do("alice", f"{path}/state", state="monitoring")
    stage.do("alice", f"/alerts/{alert}/resolve")
    stage.do("bob", f"{path}/entries", text="Rolled back to 417", kind="action")
    stage.pass_time(minutes=5)
    again = stage.do(
        "bob", f"{path}/updates", audience="external", stage="monitoring",
        body="Payments work again.", minutes=60,
    )["made"]  # fmt: skip
    stage.do("alice", f"{path}/updates/{again}", approve=True)
    stage.pass_time(minutes=30)
    reason = "Version 417 is back and holds."
    stage.do("alice", f"{path}/state", state="resolved", reason=reason)
    return number


def write(stage: Stage, who: str, number: int, heading: str, text: str) -> None:
    sections = stage.ask(who, "GET", f"/reviews/{number}").json()["sections"]
    seen = next(one["etag"] for one in sections if one["heading"] == heading)
    headers = {"authorization": f"Bearer {stage.tokens[who]}", "if-match": f'"{seen}"'}
    answer = stage.client.put(
        f"/api/v1/reviews/{number}/sections/{heading}",
        json={"text": text},
        headers=headers,
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.slow  # a whole incident by HTTP
def test_the_draft_of_a_whole_incident_holds_each_fact_once(stage: MailedStage) -> None:
    number = resolved(stage)
    text = stage.ask("alice", "GET", f"/reviews/{number}/review.md").text
    alert = f"{stage.desk.public_url}/alerts/1"
    assert text.replace(f"{MARK}\n\n", "") == DRAFT.replace("{alert}", alert)


@pytest.mark.slow  # a whole incident by HTTP
def test_a_review_ends_in_actions_that_their_owners_hear_of(stage: MailedStage) -> None:
    number = resolved(stage)
    write(stage, "alice", number, "Root Cause", "A pool without a limit.")
    write(
        stage, "alice", number, "Action Items",
        "- [ ] Add alert for declined cards (Owner: Carol, Due: Mar 12)\n"
        "- [ ] Limit the pool (Owner: alice, Due: 2024-04-01)",
    )  # fmt: skip
    review = f"/reviews/{number}"
    for heading in stage.ask("alice", "GET", review).json()["unconfirmed"]:
        stage.do("alice", f"{review}/confirm", heading=heading)
    stage.do("alice", f"{review}/state", state="in_review", reviewer="carol")
    stage.do("carol", f"{review}/state", state="reviewed")
    stage.do("alice", f"/incidents/{number}/state", state="closed", review="yes")
    stage.do("alice", f"{review}/state", state="closed")
    incident = stage.ask("alice", "GET", f"/incidents/{number}").json()
    assert incident["state"] == "reviewed"

    board = stage.ask("dan", "GET", "/actions").json()["actions"]
    assert [(one["id"], one["owner"], one["due_on"]) for one in board] == [
        ("ACT-5", "carol", "2024-03-12"),
        ("ACT-6", "alice", "2024-04-01"),
    ]
    for _ in range(9):
        stage.clock.at += timedelta(days=1)
        stage.installation.engine.step()
        stage.post()
    assert [one for one in stage.mails if "ACT-" in one[1]] == [
        ("carol@example.com", f"ACT-5 is due {when}: Add alert for declined cards")
        for when in ("in 7 days", "tomorrow", "today")
    ]
    done = stage.do("carol", "/actions/ACT-5/done", proof="it fired in a test")
    assert done["state"] == "done"
    text = stage.ask("alice", "GET", f"{review}/review.md").text
    assert (
        "- [x] Add alert for declined cards (Owner: Carol, Due: Mar 12, Id: ACT-5)"
        in text
    )
