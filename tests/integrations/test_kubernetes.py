"""Rollouts as Flux and event exporters tell them: each once, with how to undo it."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import MONDAY_9AM
from tocsin.integrations.kubernetes import INTEGRATION
from tocsin.interfaces.arrivals import Change, Inbound, Reading, Unreadable

FLUX = {
    "involvedObject": {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "name": "checkout", "namespace": "apps", "uid": "u-1",
    },
    "metadata": {"kustomize.toolkit.fluxcd.io/revision": "main@sha1:731f7ead"},
    "severity": "info", "reason": "ReconciliationSucceeded",
    "message": "Reconciliation finished in 3s, next run in 10m0s",
    "reportingController": "kustomize-controller",
    "timestamp": "2024-03-04T08:55:00Z",
}  # fmt: skip
SCALED = {
    "metadata": {"name": "web.17a", "namespace": "prod", "uid": "e-1"},
    "involvedObject": {
        "kind": "Deployment", "namespace": "prod", "name": "web", "uid": "u-2",
        "apiVersion": "apps/v1",
    },
    "reason": "ScalingReplicaSet", "type": "Normal",
    "message": "Scaled up replica set web-7d9f to 1 from 0",
    "firstTimestamp": "2024-03-04T08:58:00Z", "lastTimestamp": "2024-03-04T08:58:00Z",
    "eventTime": None, "count": 1,
}  # fmt: skip


def read(body: Any, *, secrets: tuple[str, ...] = (), **headers: str) -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    inbound = Inbound("POST", "", (), named, raw, secrets=secrets)
    return INTEGRATION.read(inbound, now=MONDAY_9AM)


def test_what_flux_applied_is_a_change_that_its_repetition_does_not_double() -> None:
    (change,) = read(FLUX).changes
    assert change == Change(
        "Applied Kustomization apps/checkout at main@sha1:731f7ead", "Flux",
        datetime(2024, 3, 4, 8, 55, tzinfo=UTC),
        {
            "kind": "deploy", "namespace": "apps", "ref": "main@sha1:731f7ead",
            "reason": "ReconciliationSucceeded",
        },
        (), "u-1:main@sha1:731f7ead:ReconciliationSucceeded",
    )  # fmt: skip
    again = read({**FLUX, "timestamp": "2024-03-04T09:05:00Z"}).changes[0]
    assert again.event_id == change.event_id


def test_what_flux_could_not_apply_says_why_and_what_is_under_way_is_no_change() -> (
    None
):
    failed = {
        **FLUX,
        "severity": "error",
        "reason": "HealthCheckFailed",
        "message": "x",
    }
    assert read(failed).changes[0].summary == (
        "Failed to apply Kustomization apps/checkout at main@sha1:731f7ead: x"
    )
    reading = read({**FLUX, "reason": "Progressing"})
    assert reading.changes == []
    assert json.loads(reading.answer.body)["ignored"] == [
        "Progressing is not the end of a reconciliation"
    ]


def test_a_rollout_is_one_change_with_how_to_undo_it() -> None:
    steps = [
        SCALED,
        {**SCALED, "message": "Scaled down replica set web-5c to 2 from 3"},
        {**SCALED, "message": "Scaled up replica set web-7d9f to 3 from 1"},
    ]
    first, last = read(steps).changes
    assert first.summary == "Rollout of Deployment prod/web: web-7d9f"
    assert first.details["rollback"] == "kubectl -n prod rollout undo deployment/web"
    assert first.event_id == last.event_id == "u-2:web-7d9f"
    assert first.occurred_at == datetime(2024, 3, 4, 8, 58, tzinfo=UTC)


def test_rollbacks_and_rescaling_are_changes_and_what_pods_do_is_none() -> None:
    back = {**SCALED, "reason": "DeploymentRollback", "message": "to revision 3"}
    assert read(back).changes[0].summary == (
        "Rollback of Deployment prod/web: to revision 3"
    )
    wider = {**SCALED, "reason": "SuccessfulRescale", "message": "New size: 9"}
    assert read(wider).changes[0].details["kind"] == "infra"
    pod = {**SCALED, "reason": "BackOff", "message": "Back-off restarting"}
    assert read(pod).changes == []


def test_a_signature_that_is_there_has_to_be_right() -> None:
    raw, keys = json.dumps(FLUX).encode(), ("the key", "the former")
    good = hmac.new(b"the former", raw, "sha256").hexdigest()
    assert read(raw, secrets=keys, x_signature=f"sha256={good}").changes
    with pytest.raises(Unreadable) as caught:
        read(raw, secrets=keys, x_signature="sha256=00")
    assert caught.value.answer.status == 401
    assert "set the key as the Provider's token" in str(caught.value)


@pytest.mark.parametrize("body", [{}, {"involvedObject": 1}, [{"x": 1}], b"{"])
def test_what_is_no_event_is_refused_with_what_was_expected(body: Any) -> None:
    with pytest.raises(Unreadable, match="expected"):
        read(body)


_NAMES = st.sampled_from(
    ["reason", "message", "severity", "metadata", "timestamp", "lastTimestamp"]
)
_VALUES = st.none() | st.text() | st.integers() | st.dictionaries(st.text(), st.text())


@given(st.dictionaries(_NAMES, _VALUES), st.dictionaries(st.text(), _VALUES))
def test_no_event_breaks_it(event: dict[str, Any], about: dict[str, Any]) -> None:
    assert read({**event, "involvedObject": about}).answer.status == 202
