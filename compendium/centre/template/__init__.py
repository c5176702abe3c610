"""Empty forms for another centre's cohort, all made from the data contract, and the way back from one of them.

In goes `analysis.schema.contract` alone; ``make template`` writes a spreadsheet with lists, checks and notes
(`workbook`), CSV files with the header only, and the data dictionary of a REDCap project (`redcap`). What is filled in
is a cohort as `compendium.centre.intake` reads it, but for REDCap: ``make redcap`` turns an export of that project into
the six tables (`from_redcap`). Nothing that may have been filled in is written over.
"""
