"""What customers see: status pages, subscribers, bounces, posts."""
