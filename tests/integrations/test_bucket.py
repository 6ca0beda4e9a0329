"""Status pages in an S3-compatible bucket: signed as Amazon says, read from a real store."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.testclient import TestClient

from tests.peers.buckets import Store
from tests.stories.stage import Stage
from tests.stories.test_status import PAGES, PEOPLE, declared, told
from tocsin.config import BadSettings, read_settings
from tocsin.integrations.bucket import BucketPoster, signature
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import HttpAnswer
from tocsin.system import SteadyClock
from tocsin.wiring.roads import own_egress

URL = "https://id:a-long-secret@s3.example.com/pages/status"
FILES = {"index.html": "the page", "feed.atom": "the feed", "i/3.html": "a notice"}


def test_a_request_is_signed_as_amazons_own_example() -> None:
    """From "Signature Calculations for the Authorization Header", PUT Object."""
    signed = signature(
        "PUT", "examplebucket.s3.amazonaws.com", "/test%24file.text",
        {
            "date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
        },
        b"Welcome to Amazon S3.",
        key_id="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        at=datetime(2013, 5, 24, tzinfo=UTC),
    )  # fmt: skip
    assert signed["authorization"].endswith(
        "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    )


@pytest.mark.parametrize("path", ["/pages/index.html", "/pages/i/3%20a~b%C3%A9.html"])
def test_a_request_is_signed_as_amazons_own_library_does(path: str) -> None:
    host, body = "s3.eu-central-1.amazonaws.com", b"the page"
    headers = {"content-type": "text/html; charset=utf-8"}
    theirs = AWSRequest("PUT", f"https://{host}{path}", headers=headers, data=body)
    # Its own clock is asked once, at about the same time.
    S3SigV4Auth(Credentials("id", "secret"), "s3", "eu-central-1").add_auth(theirs)
    at = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    ours = signature(
        "PUT", host, path, headers, body, key_id="id", secret="secret",
        region="eu-central-1", at=at.replace(tzinfo=UTC),
    )  # fmt: skip
    made = theirs.headers["Authorization"].replace(", ", ",")
    assert ours["authorization"] == made


class Line:
    """An Egress that notes what goes out, each request taking so long."""

    def __init__(self, *, seconds: float = 0, status: int = 200) -> None:
        self.at = datetime(2024, 3, 4, 9, tzinfo=UTC)
        self.seconds, self.status = seconds, status
        self.put: list[str] = []

    def now(self) -> datetime:
        return self.at

    def problems(self, url: str) -> list[str]:
        return []

    def addresses(self, host: str) -> list[str]:
        return [host]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        self.at += timedelta(seconds=self.seconds)
        self.put.append(url.removeprefix("https://s3.example.com/pages/status/"))
        return HttpAnswer(self.status, {}, b"no: a-long-secret")


def posted(poster: BucketPoster, files: Mapping[str, str]) -> str:
    return poster.post(
        {"files": files}, to="meridian", key="k", timeout_seconds=15
    ).answer


def test_what_is_there_is_not_written_again_and_the_page_comes_last() -> None:
    line = Line()
    poster = BucketPoster(URL, line, now=line.now)
    assert posted(poster, FILES) == "3 of 3 files written"
    assert line.put == [
        "meridian/feed.atom", "meridian/i/3.html", "meridian/index.html"
    ]  # fmt: skip
    assert posted(poster, FILES | {"feed.atom": "news"}) == "1 of 3 files written"


def test_many_files_over_a_slow_line_go_on_where_they_stood() -> None:
    line = Line(seconds=5)
    poster = BucketPoster(URL, line, now=line.now)
    files = {f"i/{n}.html": "a notice" for n in range(5)}
    with pytest.raises(DeliveryFailed) as caught:
        posted(poster, files)
    assert (str(caught.value), caught.value.permanent) == (
        "3 files written, more to come", False,
    )  # fmt: skip
    assert posted(poster, files) == "2 of 5 files written"


def test_a_refusal_says_so_without_the_secret() -> None:
    line = Line(status=403)
    with pytest.raises(DeliveryFailed) as caught:
        posted(BucketPoster(URL, line, now=line.now), FILES)
    assert str(caught.value).startswith("403 no: ")
    assert "a-long-secret" not in str(caught.value)
    assert caught.value.permanent


@pytest.mark.parametrize("url", ["https://h/b", "s3://a:b@h/b", "https://a:b@h/"])
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSettings, match="https://ID:SECRET@HOST/BUCKET"):
        read_settings({}, status_bucket=url)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.stop()


@pytest.fixture
def stage(tmp_path: Path, store: Store) -> Iterator[Stage]:
    made = Stage(
        tmp_path, PAGES, people=PEOPLE, status_dir=str(tmp_path / "site"),
        status_bucket=store.url,
    )  # fmt: skip
    outbox = made.installation.outbox
    # The store compares clocks.
    poster = BucketPoster(store.url, own_egress(), now=SteadyClock().now)
    outbox.posters = {**outbox.posters, poster.channel: poster}
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        made.pass_time(minutes=1)
        yield made
    made.installation.stop()


@pytest.mark.slow  # starts a store
def test_a_page_is_in_the_bucket_also_when_its_folder_cannot_be_written(
    stage: Stage, store: Store, tmp_path: Path
) -> None:
    stage.post()
    page = store.get("meridian/index.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "All services are working" in page.text
    for path in sorted((tmp_path / "site").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "site").rmdir()
    (tmp_path / "site").write_text("in the way")
    told(stage, declared(stage), "Some card payments fail.", "investigating")
    stage.post()
    assert "Some card payments fail." in store.get("meridian/index.html").text
    feed = store.get("meridian/feed.atom")
    assert "Some card payments fail." in feed.text
    assert feed.headers["cache-control"] == "max-age=30"
