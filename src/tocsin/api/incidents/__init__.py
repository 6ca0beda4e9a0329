"""Incidents for machines."""
