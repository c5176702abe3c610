"""What is impossible or implausible in a cohort, from its typed tables: rules stop an analysis, doubts do not.

`rules` holds what the data contract demands between columns and tables. `plausibility` and `clinical_plausibility` hold
what is possible but more often an error. All of them see the tables through `linking`, so that tables may be absent and
cells missing: whoever mends a cohort sees every problem at once, and none twice.
"""
