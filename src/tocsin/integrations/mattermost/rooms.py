"""Incident channels in Mattermost, by a bot account's token.

Source: api.mattermost.com (v4), read 2026-11-25. A post carries our key in its props; after a doubt the channel's last posts
are asked for it. `pending_post_id` makes the server itself drop a quick repetition.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.interfaces.chats import Opened, Said
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Egress, HttpAnswer

_TIMEOUT_SECONDS = 10.0
_TAKEN = "store.sql_channel.save_channel.exists.app_error"
_MARKS = re.compile(r"([\\`*_\[\]<>#|~!])")


class MattermostRooms:
    """The provider `mattermost`. `team` is a team's name; "" is the bot's only one."""

    provider = "mattermost"
    has_rooms = True

    def __init__(self, url: str, token: str, egress: Egress, *, team: str = "") -> None:
        self._url = url
        self._token = token
        self._egress = egress
        self._team_name = team
        self.email_of = lru_cache(maxsize=1000)(self._email_of)

    def open(
        self, name: str, *, title: str, private: bool, timeout_seconds: float
    ) -> Opened:
        """A channel called `name`; one that is there already is found again."""
        team, team_name = self._team
        body = {
            "team_id": team,
            "name": name,
            "display_name": title[:64],
            "type": "P" if private else "O",
        }
        try:
            made = self.call("POST", "/channels", body, seconds=timeout_seconds)
        except MattermostRefused as refused:
            if refused.code != _TAKEN:
                raise
            path = f"/teams/{team}/channels/name/{quote(name)}"
            made = self.call("GET", path, seconds=timeout_seconds)
        url = f"{self._url}/{quote(team_name)}/channels/{quote(name)}"
        return Opened(str(made["id"]), url)

    def invite(
        self, channel: str, *, handle: str, email: str, timeout_seconds: float
    ) -> str:
        """By username, else whom the server has under the mail address."""
        by = ("username", handle) if handle else ("email", email)
        if not by[1]:
            return "they have neither a username nor a mail address"
        try:
            path = f"/users/{by[0]}/{quote(by[1], safe='@')}"
            user = str(self.call("GET", path, seconds=timeout_seconds)["id"])
        except MattermostRefused as refused:
            if refused.status != 404:
                raise
            return f"the server has nobody with the {by[0]} {by[1]}"
        path = f"/channels/{channel}/members"
        self.call("POST", path, {"user_id": user}, seconds=timeout_seconds)
        return f"{by[1]} was added"

    def set_topic(self, channel: str, topic: str, *, timeout_seconds: float) -> None:
        """The channel's header."""
        path = f"/channels/{channel}/patch"
        header = escaped(topic)[:1024]
        self.call("PUT", path, {"header": header}, seconds=timeout_seconds)

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
        body = {
            "channel_id": channel,
            "message": _text(said),
            "pending_post_id": key,
            "props": {"tocsin_key": key},
        }
        return str(self.call("POST", "/posts", body, seconds=timeout_seconds)["id"])

    def edit(
        self,
        channel: str,
        message: str,
        said: Said,
        *,
        key: str,
        timeout_seconds: float,
    ) -> None:
        """Another text for a post."""
        path, body = f"/posts/{message}/patch", {"message": _text(said)}
        self.call("PUT", path, body, seconds=timeout_seconds)

    def pin(self, channel: str, message: str, *, timeout_seconds: float) -> None:
        """Among the channel's pinned posts."""
        self.call("POST", f"/posts/{message}/pin", seconds=timeout_seconds)

    def archive(self, channel: str, *, timeout_seconds: float) -> None:
        """Read-only from now on."""
        self.call("DELETE", f"/channels/{channel}", seconds=timeout_seconds)

    @cached_property
    def _team(self) -> tuple[str, str]:
        """(id, name) of the team that the channels are in."""
        if self._team_name:
            path = f"/teams/name/{quote(self._team_name)}"
            found = self.call("GET", path, seconds=_TIMEOUT_SECONDS)
            return str(found["id"]), str(found["name"])
        teams = self._read("GET", "/users/me/teams", seconds=_TIMEOUT_SECONDS)
        if not isinstance(teams, list) or len(teams) != 1:
            reason = "set TOCSIN_MATTERMOST_TEAM: the bot is not in exactly one team"
            raise DeliveryFailed(reason, permanent=False)
        return str(teams[0]["id"]), str(teams[0]["name"])

    def _posted(self, channel: str, key: str, seconds: float) -> str:
        path = f"/channels/{channel}/posts?per_page=60"
        found = self.call("GET", path, seconds=seconds).get("posts", {})
        for number, post in found.items():
            if (post.get("props") or {}).get("tocsin_key") == key:
                return str(number)
        return ""

    def _email_of(self, user: str) -> str:
        """The verified address of an account, "" without one."""
        path = f"/users/{quote(user, safe='')}"
        found = self.call("GET", path, seconds=_TIMEOUT_SECONDS / 5)
        is_good = found.get("email_verified") is True and not found.get("is_bot")
        return str(found.get("email", "")) if is_good else ""

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[str] | None = None,
        *,
        seconds: float,
    ) -> dict[str, Any]:
        """What the server answered. Raises MattermostRefused, DeliveryUnknown."""
        found = self._read(method, path, body, seconds=seconds)
        return found if isinstance(found, dict) else {}

    def _read(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[str] | None = None,
        *,
        seconds: float,
    ) -> object:
        answer = self._egress.request(
            method,
            f"{self._url}/api/v4{path}",
            headers={
                "authorization": f"Bearer {self._token}",
                "content-type": "application/json",
                "user-agent": "Tocsin",
            },
            body=b"" if body is None else msgspec.json.encode(body),
            timeout_seconds=seconds,
        )
        if not 200 <= answer.status < 300:
            raise self._refusal(answer)
        try:
            return msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            raise DeliveryUnknown("the answer cannot be read") from None

    def _refusal(self, answer: HttpAnswer) -> "MattermostRefused":
        try:
            said = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError:
            said = {}
        # Mattermost says how many seconds are left in a header of its own.
        wait = answer.headers.get("retry-after") or (
            answer.headers.get("x-ratelimit-reset", "") if answer.status == 429 else ""
        )
        judged = verdict(answer.status, retry_after=wait)
        reason = f"{answer.status} {said.get('message', '')}".strip()
        return MattermostRefused(
            without(reason, self._token)[:300],
            permanent=judged.permanent,
            retry_after_seconds=judged.retry_after_seconds,
            code=str(said.get("id", "")),
            status=answer.status,
        )


class MattermostRefused(DeliveryFailed):
    """With the server's own code for why."""

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None,
        code: str,
        status: int,
    ) -> None:
        super().__init__(
            reason, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.code = code
        self.status = status


def escaped(text: str) -> str:
    """For Markdown: shown as it was written, and nobody is called by it."""
    return _MARKS.sub(r"\\\1", text).replace("@", "@\u200b")


def _text(said: Said) -> str:
    head = f"**{escaped(said.head)}**" if said.head else ""
    foot = f"*{escaped(said.foot)}*" if said.foot else ""
    return "\n".join(part for part in (head, escaped(said.text), foot) if part)
