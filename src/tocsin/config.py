"""Settings: the environment's `TOCSIN_*` over one TOML file, read once at the start.

An unknown key or a bad value stops the start with the key and what was expected.
"""

# long because: every setting stands on one page.

import os
import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from tocsin.core.people import groups
from tocsin.core.people.people import is_mail_address

_PREFIX = "TOCSIN_"
# Read by the client verbs, not by the server.
_CLIENT_KEYS = {"url", "token", "config"}


class BadSettings(Exception):
    """One or more settings cannot be used; `problems` says which and why."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _database_url(value: str) -> str:
    if value.startswith(("sqlite:///", "postgresql://")):
        return value
    message = "expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE"
    raise ValueError(message)


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc):
        message = "expected an address that begins with http:// or https://"
        raise ValueError(message)
    return value.rstrip("/")


def _secret_http_url(value: SecretStr) -> SecretStr:
    return SecretStr(_http_url(value.get_secret_value()))


def _smtp_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text and urlsplit(text).scheme not in ("smtp", "smtps"):
        message = "expected smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…"
        raise ValueError(message)
    return value


def _bucket(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    is_whole = parts.username and parts.password and parts.path.strip("/")
    if any(parts) and not (parts.scheme in ("https", "http") and is_whole):
        message = "expected https://ID:SECRET@HOST/BUCKET[/FOLDER][?region=REGION]"
        raise ValueError(message)
    return value


def _number(value: str) -> str:
    digits = value.removeprefix("+")
    if value and not (value.startswith("+") and digits.isdigit() and len(digits) > 6):
        message = (
            "expected a number with + and the country's code, such as +15005550006"
        )
        raise ValueError(message)
    return value


def _public_key(value: str) -> str:
    try:
        is_whole = not value or len(bytes.fromhex(value)) == 32
    except ValueError:
        is_whole = False
    if not is_whole:
        message = "expected the 64 hexadecimal digits of the application's public key"
        raise ValueError(message)
    return value


def _bounce_address(value: str) -> str:
    # What is added to it says whose mail it was, and a local part has an end.
    local = value.partition("@")[0]
    if value and (not is_mail_address(value) or "+" in local or len(local) > 10):
        message = (
            "expected a mail address such as bounces@mail.example.com, with 10 letters "
            "at most before the @ and no +"
        )
        raise ValueError(message)
    return value


def _targets(value: str) -> str:
    for one in targets(value):
        if "/" not in one:
            continue
        try:
            ip_network(one, strict=False)
        except ValueError:
            message = f"expected host names, addresses or networks, not {one!r}"
            raise ValueError(message) from None
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if value and not local and (parts.scheme != "https" or not parts.netloc):
        message = "expected an address that begins with https://"
        raise ValueError(message)
    return value


def _scopes(value: str) -> str:
    if "openid" not in value.split():
        message = "expected scopes with openid among them"
        raise ValueError(message)
    return " ".join(value.split())


def _groups(value: str) -> str:
    groups.read(value)
    return value


def _networks(value: str) -> str:
    for one in value.replace(",", " ").split():
        try:
            ip_network(one, strict=False)
        except ValueError:
            message = f"{one!r}: expected addresses or networks such as 10.0.0.0/8, separated by commas"
            raise ValueError(message) from None
    return value


def targets(value: str) -> tuple[str, ...]:
    """The hosts and networks of a list with commas."""
    return tuple(one.strip().lower() for one in value.split(",") if one.strip())


_NOTHING = SecretStr("")
_PASSWORD = re.compile(r"://[^/@]*@")


class Settings(BaseModel):
    """Every setting of a server. The field's description is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///var/tocsin.db", description="SQLite file or PostgreSQL server"
    )
    public_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="the address people and links use; made from host and port"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    tls_cert: str = Field("", description="PEM file with the certificate chain")
    tls_key: str = Field("", description="PEM file with the certificate's key")
    secret_key: SecretStr = Field(
        _NOTHING,
        description="signs page links and seals credentials; made and kept beside "
        "the data on first run",
    )
    secret_key_before: SecretStr = Field(
        _NOTHING, description="the former secret_key, for the start that changes it"
    )
    data_dir: str = Field("var", description="where keys and the ballast file live")
    status_dir: str = Field(
        "var/status", description="where exported status pages are written"
    )
    status_bucket: Annotated[SecretStr, AfterValidator(_bucket)] = Field(
        _NOTHING,
        description="where they are written too: https://ID:SECRET@HOST/BUCKET[/FOLDER] "
        "of an S3-compatible store, ?region=… if it is not us-east-1",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] = Field(
        _NOTHING, description="the mail server that pages go out through"
    )
    smtp_from: str = Field(
        "Tocsin <tocsin@localhost>", description="the sender of mails"
    )
    bounce_address: Annotated[str, AfterValidator(_bounce_address)] = Field(
        "",
        description="where mails to subscribers come back to: bounces@mail.example.com",
    )
    smtp_ca_file: str = Field("", description="PEM file of the mail server's CA")
    ntfy_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="base address of the ntfy server for bare topic names"
    )
    ntfy_token: SecretStr = Field(
        _NOTHING, description="access token of the ntfy server"
    )
    twilio_account: str = Field(
        "", description="the account SID of Twilio, for text messages and calls: AC…"
    )
    twilio_token: SecretStr = Field(
        _NOTHING, description="its auth token; it also proves what Twilio sends us"
    )
    twilio_number: Annotated[str, AfterValidator(_number)] = Field(
        "", description="the number of yours there that pages come from"
    )
    twilio_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.twilio.com", description="where Twilio's API is"
    )
    plivo_account: str = Field(
        "", description="the auth ID of Plivo, used as well as Twilio or instead"
    )
    plivo_token: SecretStr = Field(
        _NOTHING, description="its auth token; it also proves what Plivo sends us"
    )
    plivo_number: Annotated[str, AfterValidator(_number)] = Field(
        "", description="the number of yours there that pages come from"
    )
    plivo_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.plivo.com", description="where Plivo's API is"
    )
    telegram_token: SecretStr = Field(
        _NOTHING, description="the token of a Telegram bot that people are paged by"
    )
    telegram_secret: SecretStr = Field(
        _NOTHING, description="the secret_token that its webhook was set with"
    )
    telegram_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.telegram.org", description="where Telegram's Bot API is"
    )
    discord_token: SecretStr = Field(
        _NOTHING, description="the token of a Discord bot that people are paged by"
    )
    discord_public_key: Annotated[str, AfterValidator(_public_key)] = Field(
        "", description="its application's public key: proves what Discord sends us"
    )
    discord_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://discord.com/api/v10", description="where Discord's API is"
    )
    pushover_token: SecretStr = Field(
        _NOTHING, description="the API token of an application of Pushover"
    )
    pushover_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.pushover.net", description="where Pushover's API is"
    )
    push_key: SecretStr = Field(
        _NOTHING,
        description="signs notifications to browsers; made and kept beside the data on "
        "first run, the same on every node",
    )
    phone_first: str = Field(
        "twilio",
        pattern="^(twilio|plivo)$",
        description="which of the two is asked first",
    )
    report_within_seconds: int = Field(
        45,
        ge=10,
        le=600,
        description="how long a text message or call may take to arrive before the next "
        "method and the other provider are used",
    )
    webhook_secret: SecretStr = Field(
        _NOTHING,
        description="whsec_… that signs webhook pages without one of their own",
    )
    allow_private_targets: bool = Field(
        False, description="whether pages may go to private network addresses"
    )
    allowed_targets: Annotated[str, AfterValidator(_targets)] = Field(
        "",
        description="hosts and networks inside that pages may go to, with commas: "
        "hooks.corp.example, 10.1.0.0/16",
    )
    dead_man_url: Annotated[SecretStr, AfterValidator(_secret_http_url)] = Field(
        _NOTHING, description="pinged once a minute while auditor and canary are green"
    )
    ballast_mib: int = Field(
        256, ge=0, le=65536, description="space kept back for a full disk (SQLite)"
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "",
        description="addresses or networks of proxies whose X-Forwarded-For counts",
    )
    local_passwords: bool = Field(
        True, description="whether people may sign in with a password kept here"
    )
    password_min_length: int = Field(
        12, ge=12, le=64, description="the fewest characters of a new password"
    )
    mail_links: bool = Field(
        True, description="whether people may have a link to sign in mailed to them"
    )
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] = Field(
        "", description="the issuer of an OpenID Connect provider that signs people in"
    )
    oidc_client_id: str = Field("", description="what that provider knows us by")
    oidc_client_secret: SecretStr = Field(
        _NOTHING, description="the secret it gave us, if any"
    )
    oidc_name: str = Field(
        "Single sign-on", min_length=1, description="what the button is called"
    )
    oidc_scopes: Annotated[str, AfterValidator(_scopes)] = Field(
        "openid profile email", description="what is asked for"
    )
    oidc_groups_claim: str = Field("groups", description="the claim that names groups")
    oidc_groups: Annotated[str, AfterValidator(_groups)] = Field(
        "",
        description="what groups mean: GROUP=team:TEAM:ROLE, GROUP=role:ROLE, …",
    )
    oidc_create: bool = Field(
        False, description="whether somebody unknown to us becomes a person"
    )
    oidc_trust_email: bool = Field(
        False,
        description="whether addresses count that the provider does not call verified",
    )
    matrix_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="the Matrix homeserver that incidents have rooms on"
    )
    matrix_token: SecretStr = Field(
        _NOTHING, description="the access token of Tocsin's account there"
    )
    slack_token: SecretStr = Field(
        _NOTHING, description="the bot token of the Slack app: xoxb-…"
    )
    slack_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://slack.com/api", description="where Slack's Web API is"
    )
    slack_signing_secret: SecretStr = Field(
        _NOTHING, description="proves that requests come from Slack"
    )
    mattermost_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="the Mattermost server that incidents have channels on"
    )
    mattermost_token: SecretStr = Field(
        _NOTHING, description="the access token of Tocsin's bot account there"
    )
    mattermost_team: str = Field(
        "", description="the team whose channels they are; the bot's only one"
    )
    mattermost_command_token: SecretStr = Field(
        _NOTHING, description="proves that a slash command comes from there"
    )
    teams_url: Annotated[SecretStr, AfterValidator(_secret_http_url)] = Field(
        _NOTHING, description="a Microsoft Teams workflow that updates are posted to"
    )
    mastodon_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="the Mastodon server that updates are posted on"
    )
    mastodon_token: SecretStr = Field(
        _NOTHING, description="an access token with the scope write:statuses"
    )
    bluesky_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://bsky.social", description="the server of the Bluesky account"
    )
    bluesky_handle: str = Field("", description="the account: acme.bsky.social")
    bluesky_password: SecretStr = Field(
        _NOTHING, description="an app password of that account"
    )
    x_url: Annotated[str, AfterValidator(_http_url)] = Field(
        "https://api.x.com", description="where X's API is"
    )
    x_key: SecretStr = Field(_NOTHING, description="the API key of an app of X")
    x_key_secret: SecretStr = Field(_NOTHING, description="and its secret")
    x_token: SecretStr = Field(
        _NOTHING, description="the access token of the account that it posts for"
    )
    x_token_secret: SecretStr = Field(_NOTHING, description="and its secret")
    social_link: Annotated[str, AfterValidator(_http_url)] = Field(
        "", description="what every post ends with, such as your status page"
    )
    bridge_url: str = Field(
        "",
        description="the address of an incident's call, with {number} and {secret}: "
        "https://meet.example.com/inc-{number}-{secret}",
    )
    workers: int = Field(32, ge=1, le=512, description="deliveries at the same time")
    mail_per_minute: int = Field(
        600,
        ge=0,
        le=100_000,
        description="mails to subscribers a minute at most, 0 for no limit; pages do "
        "not count",
    )
    canary: bool = Field(True, description="whether the canary alert runs")

    @property
    def proxies(self) -> list[str]:
        """The networks of `trusted_proxies`."""
        return self.trusted_proxies.replace(",", " ").split()


def read_settings(
    environment: Mapping[str, str] | None = None, **overrides: object
) -> Settings:
    """The settings of this process. Raises BadSettings."""
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {}
    file = environment.get(_PREFIX + "CONFIG", "")
    if file:
        values.update(_from_file(file))
    for key, value in environment.items():
        name = key.removeprefix(_PREFIX).lower()
        if key.startswith(_PREFIX) and name not in _CLIENT_KEYS:
            values[name] = value
    values.update({key: value for key, value in overrides.items() if value is not None})
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadSettings([_sentence(problem) for problem in error.errors()]) from None
    if settings.oidc_issuer and not settings.oidc_client_id:
        message = (
            "TOCSIN_OIDC_CLIENT_ID is missing: expected it with TOCSIN_OIDC_ISSUER"
        )
        raise BadSettings([message])
    return settings


def _from_file(path: str) -> dict[str, object]:
    try:
        with Path(path).open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadSettings([f"TOCSIN_CONFIG: cannot read {path}: {error}"]) from None


def _sentence(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    assert isinstance(location, tuple)
    key = _PREFIX + "_".join(str(part) for part in location).upper()
    if problem["type"] == "extra_forbidden":
        return f"{key} is not a setting; `tocsin serve --help` lists them"
    text = str(problem["msg"]).removeprefix("Value error, ")
    given = repr(problem["input"])
    if _is_secret(str(location[0])):
        given = "not usable"
    return f"{key} is {_PASSWORD.sub('://***@', given)}: {text}"


def _is_secret(name: str) -> bool:
    field = Settings.model_fields.get(name)
    return field is not None and field.annotation is SecretStr


def client_settings(
    environment: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """(server address, token) of the client verbs, "" where not set."""
    environment = os.environ if environment is None else environment
    url = environment.get("TOCSIN_URL", "")
    token = environment.get("TOCSIN_TOKEN", "")
    path = Path.home() / ".config" / "tocsin" / "config.toml"
    if (not url or not token) and path.exists():
        values = _from_file(str(path))
        url = url or str(values.get("url", ""))
        token = token or str(values.get("token", ""))
    return url.rstrip("/"), token
