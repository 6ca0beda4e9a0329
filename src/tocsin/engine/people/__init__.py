"""People, carried out: contacts, memberships, provisioning."""
