"""Statistical disclosure control: tables that may leave a centre with few patients.

Of the cells of Table 1, Table 2 and the safety table (`study_cells`) those below a limit are hidden, and further ones
until a solver that plays the reader can exclude no small value (`suppression`).
"""
