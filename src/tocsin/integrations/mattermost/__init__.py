"""Mattermost: incident channels, pages as direct messages, and what it tells us."""

from tocsin.integrations.mattermost.door import MattermostDoor
from tocsin.integrations.mattermost.pages import MattermostPager
from tocsin.integrations.mattermost.rooms import MattermostRooms

__all__ = ["MattermostDoor", "MattermostPager", "MattermostRooms"]
