"""Outside systems, one file each. None sees the database or another one."""
