"""Reconstruct a patient-level cohort from the numbers that the paper prints.

A plausible cohort is drawn by a seed (`draws`), then a constraint model (`model`) finds rows near that draw for which
every mutually consistent statement of the paper holds at once. The blocks of the model say which statement binds which
variables: `disease`, `courses`, `symptoms`, `events`, `laboratory`. ``left_out.csv`` names the statements that cannot
hold, with the reason.
"""
