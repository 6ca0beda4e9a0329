"""Incidents in chats: what goes there, what comes from there."""
