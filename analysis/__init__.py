"""Analysis of a cohort of patients with a mast cell disorder treated with omalizumab.

`criteria`, `scoring` and `response`, read in this order, are the paper's Methods. Everywhere ``cohort`` is the cohort
or one population of it, and ``criteria`` a reading of the rules, by default the paper's. L245 is line 245 of the
manuscript.

This file imports nothing, so that a build with nothing to do answers at once.
"""
