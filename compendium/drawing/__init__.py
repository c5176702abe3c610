"""The figures, one module each: a frame that `analysis` computed goes in, a finished page comes out.

A ``draw_*`` function takes the rows to be drawn (a profile of symptoms, courses, curves, Table 2), the population for
the title and the caveats for the foot, and returns a matplotlib `Figure` of printed size: nothing on it reaches off the
page, covers something else or is set smaller than 7 points, from one patient to a hundred thousand. Where a line for
each patient could no longer be seen, distributions take its place. No result is computed here, no input is changed and
no file written (`compendium.reporting.outputs` does that); the same rows give the same bytes.
"""
