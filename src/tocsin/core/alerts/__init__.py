"""An alert from its arrival to its service: absorbed, routed, silenced."""
