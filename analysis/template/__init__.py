"""Empty forms for another centre's cohort, made from the data contract: a spreadsheet, CSV files, a REDCap dictionary.

``python -m analysis.template`` writes them; ``python -m analysis.template.from_redcap`` turns an export of REDCap into
the six tables.
"""
