"""Incident channels in Slack, by a bot token.

Source: docs.slack.dev (Web API methods, rate limits, message metadata), read 2026-11-25.
Slack knows no idempotency keys: a message carries ours in its metadata, and after a
doubt the channel is asked for it before it is posted again.
"""

import contextlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.chats import Opened, Said
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer

URL = "https://slack.com/api"
_EVENT = "tocsin_message"
_LOOK_BACK = "200"
_MOST_PAGES = 30
# Slack waits three seconds for what it asked us, and we ask it on the way.
_TIMEOUT_SECONDS = 1.5
# Whoever runs the app or Slack can put these right; nothing is given up for them.
_TEMPORARY = {
    "accesslimited", "account_inactive", "ekm_access_denied", "fatal_error",
    "internal_error", "invalid_auth", "missing_scope", "not_allowed_token_type",
    "not_authed", "org_login_required", "ratelimited", "request_timeout",
    "service_unavailable", "team_added_to_org", "team_access_not_granted",
    "token_expired", "token_revoked",
}  # fmt: skip


class SlackRooms:
    """The provider `slack`."""

    provider = "slack"
    has_rooms = True

    def __init__(self, token: str, egress: Egress, *, url: str = URL) -> None:
        self._token = token
        self._egress = egress
        self._url = url
        self.email_of = lru_cache(maxsize=1000)(self._email_of)

    def open(
        self, name: str, *, title: str, private: bool, timeout_seconds: float
    ) -> Opened:
        """A channel called `name`; one that is there already is found again."""
        home = str(self.call("auth.test", timeout_seconds).get("url", ""))
        try:
            made = self.call(
                "conversations.create", timeout_seconds,
                name=name, is_private=_word(truth=private),
            )  # fmt: skip
            channel = str(made["channel"]["id"])
        except SlackRefused as refused:
            if refused.code != "name_taken":
                raise
            channel = self._found(name, private, timeout_seconds)
        with contextlib.suppress(DeliveryFailed, DeliveryUnknown):
            # The first message says as much.
            self.call(
                "conversations.setPurpose", timeout_seconds,
                channel=channel, purpose=escaped(title)[:250],
            )  # fmt: skip
        return Opened(channel, f"{home}archives/{channel}" if home else "")

    def invite(
        self, channel: str, *, handle: str, email: str, timeout_seconds: float
    ) -> str:
        """By member id, else whom the workspace has under the mail address."""
        user = handle
        try:
            if not user:
                found = self.call("users.lookupByEmail", timeout_seconds, email=email)
                user = str(found["user"]["id"])
            self.call(
                "conversations.invite", timeout_seconds, channel=channel, users=user
            )
        except SlackRefused as refused:
            if refused.code in ("already_in_channel", "cant_invite_self"):
                return f"{user} is there already"
            if refused.code == "users_not_found":
                return "the workspace has nobody with their mail address"
            raise
        return f"{user} was invited"

    def set_topic(self, channel: str, topic: str, *, timeout_seconds: float) -> None:
        """The channel's topic."""
        self.call(
            "conversations.setTopic", timeout_seconds,
            channel=channel, topic=escaped(topic)[:250],
        )  # fmt: skip

    def say(
        self,
        channel: str,
        said: Said,
        *,
        key: str,
        doubtful: bool,
        timeout_seconds: float,
    ) -> str:
        """Post, unless a doubtful one is there."""
        if doubtful:
            known = self._posted(channel, key, timeout_seconds)
            if known:
                return known
        metadata = {"event_type": _EVENT, "event_payload": {"key": key}}
        posted = self.call(
            "chat.postMessage", timeout_seconds, channel=channel, text=_text(said),
            unfurl_links="false", unfurl_media="false",
            metadata=msgspec.json.encode(metadata).decode(),
        )  # fmt: skip
        return str(posted["ts"])

    def edit(
        self,
        channel: str,
        message: str,
        said: Said,
        *,
        key: str,
        timeout_seconds: float,
    ) -> None:
        """Another text for a message."""
        self.call(
            "chat.update", timeout_seconds, channel=channel, ts=message,
            text=_text(said),
        )  # fmt: skip

    def pin(self, channel: str, message: str, *, timeout_seconds: float) -> None:
        """Among the channel's pins."""
        with _unless("already_pinned"):
            self.call("pins.add", timeout_seconds, channel=channel, timestamp=message)

    def archive(self, channel: str, *, timeout_seconds: float) -> None:
        """Read-only from now on."""
        with _unless("already_archived"):
            self.call("conversations.archive", timeout_seconds, channel=channel)

    def message(self, channel: str, ts: str) -> str:
        """The text of a message, "" when it cannot be read."""
        found = self.call(
            "conversations.history", _TIMEOUT_SECONDS, channel=channel, latest=ts,
            oldest=ts, inclusive="true", limit="1",
        )  # fmt: skip
        messages = found.get("messages") or [{}]
        return str(messages[0].get("text", ""))

    def _email_of(self, user: str) -> str:
        """The address of a full member of this workspace, "" of anybody else."""
        found = self.call("users.info", _TIMEOUT_SECONDS, user=user).get("user", {})
        outside = ("deleted", "is_bot", "is_restricted", "is_stranger")
        if any(found.get(one) for one in outside):
            return ""
        return str(found.get("profile", {}).get("email", ""))

    def _found(self, name: str, private: bool, seconds: float) -> str:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = self.call(
                "conversations.list", seconds, limit="200", cursor=cursor,
                types="private_channel" if private else "public_channel",
            )  # fmt: skip
            for one in page.get("channels", []):
                if one.get("name") == name:
                    return str(one["id"])
            cursor = str(page.get("response_metadata", {}).get("next_cursor", ""))
            if not cursor:
                break
        raise DeliveryFailed(f"the name {name} is taken, but not by us", permanent=True)

    def _posted(self, channel: str, key: str, seconds: float) -> str:
        found = self.call(
            "conversations.history", seconds, channel=channel, limit=_LOOK_BACK,
            include_all_metadata="true",
        )  # fmt: skip
        for one in found.get("messages", []):
            payload = (one.get("metadata") or {}).get("event_payload") or {}
            if payload.get("key") == key:
                return str(one["ts"])
        return ""

    def call(self, method: str, seconds: float, **fields: str) -> dict[str, Any]:
        """A method of the Web API. Raises SlackRefused, DeliveryUnknown."""
        answer = self._egress.request(
            "POST",
            f"{self._url}/{method}",
            headers={
                "authorization": f"Bearer {self._token}",
                "content-type": "application/x-www-form-urlencoded",
                "user-agent": "Tocsin",
            },
            body=urlencode(fields).encode(),
            timeout_seconds=seconds,
        )
        found = self._judged(method, answer)
        if found.get("ok") is not True:
            code = str(found.get("error", "no reason"))
            raise SlackRefused(
                f"{method}: {without(code, self._token)[:200]}",
                permanent=code not in _TEMPORARY,
                code=code,
            )
        return found

    def _judged(self, method: str, answer: HttpAnswer) -> dict[str, Any]:
        if answer.status != 200:
            retry_after = answer.headers.get("retry-after", "")
            judged = verdict(answer.status, retry_after=retry_after)
            raise SlackRefused(
                f"{method}: {answer.status}",
                permanent=judged.permanent,
                retry_after_seconds=judged.retry_after_seconds,
            )
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise DeliveryUnknown(f"{method}: the answer cannot be read") from None


class SlackRefused(DeliveryFailed):
    """With Slack's own code for why."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None = None,
        code: str = "",
    ) -> None:
        super().__init__(
            reason, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.code = code


@contextlib.contextmanager
def _unless(code: str) -> Iterator[None]:
    """Lets pass what Slack refuses because it is so already."""
    try:
        yield
    except SlackRefused as refused:
        if refused.code != code:
            raise


def escaped(text: str) -> str:
    """For mrkdwn: whatever was written, nobody is called by it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(said: Said) -> str:
    head = f"*{escaped(said.head)}*" if said.head else ""
    foot = f"_{escaped(said.foot)}_" if said.foot else ""
    return "\n".join(part for part in (head, escaped(said.text), foot) if part)


def _word(*, truth: bool) -> str:
    return "true" if truth else "false"
