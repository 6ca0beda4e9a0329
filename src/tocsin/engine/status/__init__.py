"""Status pages: what follows from an update for customers, and the pages themselves."""
