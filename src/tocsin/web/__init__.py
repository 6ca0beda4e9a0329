"""Pages for people: server-rendered, every action a form, works without JavaScript."""
