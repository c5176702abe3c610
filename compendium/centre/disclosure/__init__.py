"""Statistical disclosure control: tables that may leave a centre with few patients.

In goes a cohort with a limit (`study_cells.shared_numbers`), out come Table 1, Table 2 and the safety table without the
counts below it, and without what would give such a count away. On the way the numbers of the three tables become cells
with the relations that any reader knows, a solver plays the reader, and further cells are hidden until
it can exclude no small value (`suppression`). What is printed in place of a hidden number is decided in
`compendium.reporting.shared_tables`.
"""
