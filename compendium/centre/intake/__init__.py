"""Read the files of a cohort, whatever their kind, and check them against the data contract."""
