"""The figures, one module each: a frame that `analysis` computed goes in, a finished page comes out.

A ``draw_*`` function takes the rows to be drawn (a profile of symptoms, courses, curves, Table 2) and returns a
matplotlib `Figure` 18 cm wide and as high as the rows ask for: nothing on it reaches off the page, covers something
else or is set smaller than 7 points, from one patient to a hundred thousand. Where a line for each patient could no
longer be seen, distributions take its place. For one column of a journal (`page.journal_style`) most are laid out
anew, 8.5 cm wide and in 6 points; what has more columns than fit there stays as wide as the page. For the title it
takes the ``population``, a value of `Population` (any other is refused), and ``patients``, how many are in it; the
``caveats``, as `compendium.reporting.caveats.caveats` gives them, are printed last and in bold. No result is computed
here, no input is changed and no file written (`compendium.reporting.outputs` does that); the same rows give the same
bytes.
"""
