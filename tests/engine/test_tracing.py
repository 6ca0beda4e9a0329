"""Where a field of an alert came from, for every dialect: found by asking the dialect."""

from datetime import timedelta

import msgspec
import pytest

from tests.cast import MONDAY_9AM
from tocsin.core.directory import Integration
from tocsin.engine.tracing import Trace, trace
from tocsin.integrations import catalogue, samples
from tocsin.interfaces.arrivals import Inbound, Unreadable
from tocsin.wiring.dialects import DIALECTS


def read(kind: str, body: object, path: str = "", **settings: object) -> Trace:
    integration = Integration(1, "one", kind, "checkout", "k" * 32, settings)
    inbound = Inbound(
        "POST",
        path,
        (),
        {"content-type": "application/json"},
        msgspec.json.encode(body),
        settings=settings,
    )
    return trace(DIALECTS[kind], inbound, integration, now=MONDAY_9AM)


def paths(found: Trace, field: str) -> tuple[str, ...]:
    return next(one.paths for one in found.fields if one.field == field)


def value(found: Trace, field: str) -> str:
    return next(one.value for one in found.fields if one.field == field)


def test_the_first_common_name_is_where_a_title_comes_from() -> None:
    found = read("generic", {"summary": "Disk full", "text": "Disk of db1", "id": 7})
    assert paths(found, "title") == ("summary",)
    assert paths(found, "key") == ("id",)
    assert found.unused == ("text",)


def test_a_mapping_is_followed_into_the_body() -> None:
    body = {"alert": {"name": "Disk full", "tags": [{"level": "page"}]}, "name": "x"}
    found = read(
        "generic",
        body,
        mapping={"title": "alert.name", "severity": "alert.tags[0].level"},
        severities={"page": "SEV1"},
    )
    assert paths(found, "title") == ("alert.name",)
    assert paths(found, "severity") == ("alert.tags[0].level",)
    (severity,) = [one for one in found.fields if one.field == "severity"]
    assert severity.note == "'page': SEV1"


def test_a_key_that_is_made_of_all_labels_says_so() -> None:
    labels = {"alertname": "High", "severity": "critical", "a": "1", "b": "2"}
    found = read("prometheus", [{"labels": labels}], "/api/v2/alerts")
    assert paths(found, "key") == ("all of [0].labels",)
    assert paths(found, "severity") == ("[0].labels.severity",)
    assert paths(found, "title") == ("[0].labels.alertname",)


def test_the_end_that_prometheus_names_decides_whether_it_is_over() -> None:
    past = (MONDAY_9AM - timedelta(minutes=1)).isoformat()
    body = [{"labels": {"alertname": "High"}, "endsAt": past}]
    found = read("prometheus", body, "/api/v2/alerts")
    assert value(found, "says") == "it is over"
    assert paths(found, "says") == ("[0].endsAt",)


def test_only_the_first_of_several_alerts_is_traced() -> None:
    body = [{"title": "One", "key": "1"}, {"title": "Two", "key": "2"}]
    found = read("generic", body)
    assert found.events == 2
    assert value(found, "title") == "One"
    assert paths(found, "title") == ("[0].title",)


def test_a_long_body_is_cut_and_says_so() -> None:
    found = read("generic", {"title": "x", "more": {str(n): n for n in range(400)}})
    assert found.is_cut


def test_what_cannot_be_read_is_said_as_the_dialect_says_it() -> None:
    with pytest.raises(Unreadable, match="title"):
        read("generic", {"nothing": 1})


@pytest.mark.parametrize(
    "kind", ["prometheus", "alertmanager", "pagerduty-events", "generic"]
)
def test_every_sample_is_one_alert_that_a_silence_can_hold(kind: str) -> None:
    for resolved in (False, True):
        made = samples.sample(
            kind, key="k" * 32, mark="m-1", resolved=resolved, now=MONDAY_9AM
        )
        path = made.request.path.removeprefix("/in/" + "k" * 32)
        inbound = Inbound(
            "POST", path, (), {"content-type": "application/json"}, made.request.body
        )
        (event,) = DIALECTS[kind].read(inbound, now=MONDAY_9AM).events
        assert event.kind.value == ("resolve" if resolved else "trigger")
        if not resolved:
            assert event.labels[made.label] == made.value


def test_every_entry_of_the_catalogue_has_a_dialect_and_a_filled_address() -> None:
    for one in catalogue.SENDERS:
        assert one.type in DIALECTS
        assert any("«" in snippet.text for snippet in one.snippets)
