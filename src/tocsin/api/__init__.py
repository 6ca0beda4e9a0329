"""JSON for machines: senders, the API, health."""
