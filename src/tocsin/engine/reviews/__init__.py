"""Reviews: drafted when an incident ends, edited, reviewed, and their actions kept."""
