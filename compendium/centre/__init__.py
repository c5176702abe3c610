"""The cohort of another centre: checked before anything is computed of it, copied, and shared without single patients.

In goes what a centre has: a workbook made from the template, a folder of CSV or Parquet files, or an export of the
REDCap project, whose data dictionary is made from the same contract (`template`). `intake` reads it and `checks` finds
what is impossible and what is doubtful. Out come a report of all problems at once, each with its file, row, column and
value and with what is allowed; for a cohort without errors a checked copy with running numbers for identifiers, which
the notebooks read; and what tables meant for sharing have to hide, so that small counts cannot be worked out
(`disclosure`). Nothing that comes from patients is written into folders that the repository keeps.
"""
