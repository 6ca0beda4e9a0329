"""Load, decide, save: what happens, in transactions. Knows no vendor and no SQL."""
