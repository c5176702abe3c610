"""Where the rows of a cohort come from, as every result says that can be carried off alone."""

RECONSTRUCTED_NOTE = (
    "Reconstructed cohort: the rows satisfy the published results; they are not the patients' data, and no evidence."
)
"""What every table and figure says when the cohort was reconstructed."""

ABOUT, ORIGIN = "about", "cohort"
"""First entry of every JSON file of values, and first column of every CSV file, that says where the rows come from."""


def about(*, reconstructed: bool) -> dict[str, str]:
    """Say in a word (`cohort`) and in a sentence (`note`) where the rows of a cohort come from."""
    if reconstructed:
        return {ORIGIN: "reconstructed", "note": RECONSTRUCTED_NOTE}
    return {ORIGIN: "observed", "note": "Observed cohort: the rows are patients' data as they were entered."}
