"""Which chats the settings name: their rooms, their direct messages, and what they call."""

from tocsin.config import Settings
from tocsin.integrations import matrix, mattermost, slack, teams
from tocsin.interfaces.chats import ChatDoor, ChatRoom, ChatSource
from tocsin.interfaces.pagers import Pager
from tocsin.wiring.messengers import direct_doors, here
from tocsin.wiring.roads import own_egress


def chat_pagers(settings: Settings) -> list[Pager]:
    """Direct messages in the chats that incidents have rooms in."""
    found: list[Pager] = []
    if settings.matrix_url:
        found.append(matrix.MatrixPager(_matrix(settings)))
    if settings.slack_token.get_secret_value():
        found.append(slack.SlackPager(_slack(settings)))
    if settings.mattermost_url:
        back = f"{here(settings)}/chat/mattermost"
        found.append(mattermost.MattermostPager(_mattermost(settings), back=back))
    return found


def chat_rooms(settings: Settings) -> dict[str, ChatRoom]:
    """Every chat that the settings name."""
    found: list[ChatRoom] = []
    if settings.matrix_url:
        found.append(matrix.MatrixRooms(_matrix(settings)))
    if settings.slack_token.get_secret_value():
        found.append(_slack(settings))
    if settings.mattermost_url:
        found.append(_mattermost(settings))
    if settings.teams_url.get_secret_value():
        url = settings.teams_url.get_secret_value()
        found.append(teams.TeamsRooms(url, own_egress()))
    return {room.provider: room for room in found}


def chat_doors(settings: Settings) -> dict[str, ChatDoor]:
    """Chats that call us."""
    found: list[ChatDoor] = []
    signing = settings.slack_signing_secret.get_secret_value()
    if settings.slack_token.get_secret_value() and signing:
        found.append(slack.SlackDoor(signing, _slack(settings)))
    command = settings.mattermost_command_token.get_secret_value()
    if settings.mattermost_url and command:
        found.append(mattermost.MattermostDoor(command, _mattermost(settings)))
    found += direct_doors(settings, own_egress())
    return {door.provider: door for door in found}


def _slack(settings: Settings) -> slack.SlackRooms:
    token = settings.slack_token.get_secret_value()
    return slack.SlackRooms(token, own_egress(), url=settings.slack_url)


def _mattermost(settings: Settings) -> mattermost.MattermostRooms:
    return mattermost.MattermostRooms(
        settings.mattermost_url,
        settings.mattermost_token.get_secret_value(),
        own_egress(),
        team=settings.mattermost_team,
    )


def chat_sources(settings: Settings) -> list[tuple[ChatSource, str]]:
    """Chats that have to be asked what was said, and what a command begins with."""
    if not settings.matrix_url:
        return []
    return [(matrix.MatrixSource(_matrix(settings)), "!tocsin ")]


def _matrix(settings: Settings) -> matrix.MatrixWire:
    token = settings.matrix_token.get_secret_value()
    return matrix.MatrixWire(settings.matrix_url, token, own_egress())
