"""Incidents: who does what in a room, written in one transaction each."""
