"""Empty forms for another centre's cohort, all made from `analysis.schema.contract`, and the way back from one of them.

``make template`` writes a spreadsheet (`workbook`), CSV files with the header only, and the data dictionary of a REDCap
project (`redcap`); ``make redcap`` turns an export of that project into the six tables (`from_redcap`).
"""
