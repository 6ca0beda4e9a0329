"""Who may come in: links, passwords, passkeys, sessions."""
