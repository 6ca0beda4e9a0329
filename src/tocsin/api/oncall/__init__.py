"""On-call life for machines: schedules, overrides, leave, hand-overs, calendars."""
