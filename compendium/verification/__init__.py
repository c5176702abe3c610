"""Printed numbers put to the proof.

`audit` knows nothing of this study: any file of printed numbers goes in, and out comes whether each is possible and
which cannot hold together. The modules beside it know the paper: its claims and the computed values that answer them
(`published`), what its quantities have to do with one another by definition (`identities`). Claims and values go in;
out come a verdict on every printed number with a proof of each contradiction (`verdicts`, `verdict_page`), and the
printed rates, medians and means beside those of any cohort (`published_rates`).
"""
