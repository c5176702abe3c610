"""What is impossible (`rules`) or implausible in a cohort, from its typed tables: rules stop an analysis, doubts not.

All see the tables through `linking`, so that tables may be absent and cells missing: each problem is told, none twice.
"""
