"""Refuse variables after `make` that its command does not use; run before anything is set up, on any Python 3."""

import difflib
import os
import sys


def refusal(refused: "list[str]", commands: "list[str]", usable: "list[str]") -> str:
    """Say which variables were refused, what was probably meant, and what is allowed.

    Parameters
    ----------
    refused : list of str
        Names of variables as typed.
    commands : list of str
        What is to be made; none stands for the help.
    usable : list of str
        The variables that these commands use.

    Returns
    -------
    str
        A line for each variable that was refused.
    """
    made = " ".join(["make", *commands])
    lines = []
    for name in refused:
        near = difflib.get_close_matches(name.upper(), usable, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        lines.append(f"{name}: {made} uses no such variable; {meant}allowed: {', '.join(usable)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(refusal(*(os.environ.get(name, "").split() for name in ("REFUSED", "MAKECMDGOALS", "USABLE"))))
