"""A small company, a mailbox and one outage, on the real program. Takes no shortcut."""
