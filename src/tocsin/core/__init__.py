"""The rules of incident response. Pure: no I/O, clock, dice, logging or framework."""
