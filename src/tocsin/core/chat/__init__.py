"""What is written in a chat: commands, and the lines that answer them."""
