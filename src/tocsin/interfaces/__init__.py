"""What we ask of the outside, and what a dialect may ask of us."""
