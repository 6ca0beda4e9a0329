"""Slack: incident channels by a bot token, and what Slack tells us over HTTP."""

from tocsin.integrations.slack.door import SlackDoor
from tocsin.integrations.slack.pages import SlackPager
from tocsin.integrations.slack.rooms import URL, SlackRooms

__all__ = ["URL", "SlackDoor", "SlackPager", "SlackRooms"]
