"""Life on call: load and fairness, coverage, proofs, leave, hand-overs, shadows."""
