"""/status/{page}: what customers read, as pages, feeds and JSON; also written as files."""
