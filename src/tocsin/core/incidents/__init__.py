"""An incident: its state, roles, tasks, hypotheses, updates and their cadence."""
