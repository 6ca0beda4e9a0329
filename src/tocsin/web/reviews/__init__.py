"""The pages of reviews and of the actions that they promise."""
