"""What the paper determines: for each quantity of the study whether it is fixed, bounded or open, with the proof.

In go the printed claims and, in layers of their own, readings and clinical knowledge, but never a draw. Out comes, for
each quantity, how small and how large it can be in a cohort that fits, and cohorts that attain both ends. `results`
holds such an answer and checks such cohorts; `kinds` asks for numbers of patients, by the general `compendium.bounds`.

`rule_ranges`, `symptoms`, `times`, `ages` and `levels` answer. Bounds come from `rules` (every score that a patient can
have) and `courses` (how many patients can have which months); cohorts have other `grades` or other months (`timelines`)
for the patients of the shipped one.
"""
