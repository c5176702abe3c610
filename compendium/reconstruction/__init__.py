"""Reconstruct a patient-level cohort from the numbers that the paper prints.

In go the printed claims and a seed; out come the six tables of the data contract, in which every statement of the paper
that can hold together with the others holds at once. A plausible cohort is drawn by the seed (`draws`), then a
constraint model (`model`) finds rows near that draw, and `rows` writes them out. `statements` binds variables to what
is printed; the blocks say which: `patients`, `courses`, `symptoms`, `observations` (adverse events and blood tests).
``left_out.csv`` names the statements that cannot hold, with the reason.
"""
