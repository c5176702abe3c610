"""Analysis of a cohort of patients with a mast cell disorder treated with omalizumab.

This file imports nothing, so that a build with nothing to do answers at once.
"""
