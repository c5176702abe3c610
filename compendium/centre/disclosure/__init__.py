"""Statistical disclosure control: tables that may leave a centre with few patients.

In goes a cohort with a limit (`study_cells.shared_numbers`), out come Table 1, Table 2 and the safety table without the
counts below it: their cells are tied by the relations that any reader knows, and further ones are hidden until a solver
that plays the reader can exclude no small value (`suppression`). What is printed in place of a hidden number is decided
in `compendium.reporting.rendering`.
"""
