"""The notebooks run: what is out of date, side by side, with strict parameters, and nothing half-written.

In go the notebooks with the modules they import, a cohort, rules and a folder; out come the files that each notebook
wrote, put in their place as a whole, the executed copies under `build/`, and what differs from the committed results.
A build asks `plan` what is stale and to put results in their place, and lets `kernels` start what runs.
"""
