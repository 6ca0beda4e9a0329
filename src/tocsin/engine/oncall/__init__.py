"""Life on call, carried out: overrides, covers, rotas, hand-overs, reminders."""
