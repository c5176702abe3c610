"""What the paper determines: for each quantity of the study whether it is fixed, bounded or open, with the proof.

In go the printed claims and, in layers of their own, readings and clinical knowledge, but never a draw. Out comes, for
each quantity, how small and how large it can be in a cohort that fits, and cohorts that attain both ends. `results`
holds such an answer; `kinds` asks for numbers of patients, by the general `compendium.bounds`.
"""
