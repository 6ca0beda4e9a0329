"""Who somebody is: contacts, quiet hours, groups, rights, and what SCIM says of them."""
