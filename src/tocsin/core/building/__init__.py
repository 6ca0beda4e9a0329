"""From the documents of the configuration to a Directory."""
