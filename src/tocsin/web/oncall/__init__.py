"""The pages of on-call life: calendars, rotas, covers, load, readiness."""
