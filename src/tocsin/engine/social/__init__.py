"""What customers are told, posted to social networks."""
