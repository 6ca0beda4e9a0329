"""Who is on call by the calendar: layers, overrides, rotations, and their past."""
