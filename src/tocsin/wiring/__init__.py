"""What the settings name, made real: each file wires one kind of outside system."""
