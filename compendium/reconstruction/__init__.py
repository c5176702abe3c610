"""Reconstruct patient-level cohorts from the numbers that the paper prints.

In go the printed claims and a seed; out come the six tables of the data contract, in which every statement of the paper
that can hold together with the others holds at once. `chain` solves small models one after another: who the `patients`
are, their `courses`, adverse events and blood tests (`observations`) and `symptoms`; `statements` binds variables to
what is printed, and `rows` lays the tables out. All that is not printed, nor clinically impossible otherwise, is only
preferred: what is plausible (`leaning`) in the shipped cohort, and in those of an ensemble, that show what else fits,
extremes (`members`). ``left_out.csv`` names the statements that cannot hold, with the reason.
"""
