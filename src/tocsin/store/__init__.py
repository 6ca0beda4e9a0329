"""All SQL, one file per noun, `now` always an argument."""
