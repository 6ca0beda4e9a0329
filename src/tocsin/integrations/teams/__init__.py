"""Microsoft Teams: updates and pages as cards, by the address of a workflow."""

from tocsin.integrations.teams.pages import TeamsPager
from tocsin.integrations.teams.rooms import TeamsRooms

__all__ = ["TeamsPager", "TeamsRooms"]
