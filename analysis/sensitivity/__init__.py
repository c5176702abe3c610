"""How the results move with the rules that the paper leaves open: one at a time, and in all combinations."""
