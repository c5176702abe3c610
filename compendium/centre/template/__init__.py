"""Empty forms for another centre's cohort, made from the data contract: a spreadsheet, CSV files, a REDCap dictionary.

``make template`` writes them; ``make redcap`` turns an export of REDCap into the six tables.
"""
