"""Can these printed numbers be right? The half of `verification` that knows nothing of this study.

In goes any file of printed numbers, one a row (`claims`); out comes a table that says of each whether it is possible
and if not, why (`table`; ``python -m compendium.verification.audit CLAIMS``). Percentages, means, ratios, ranges and
sums are checked by exact arithmetic (`rounding`, `arithmetic`). `consistency` finds the smallest set of claims that
cannot hold together, given how their quantities are related.
"""
