"""Refuse variables after `make` that its command does not use; run before anything is set up, on any Python 3."""

import difflib
import os
import sys


def refusal(refused: "list[str]", commands: "list[str]", usable: "list[str]") -> str:
    """Say of each variable that was refused what was probably meant, and what the commands allow, in a line."""
    made = " ".join(["make", *commands])
    lines = []
    for name in refused:
        near = difflib.get_close_matches(name.upper(), usable, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        lines.append(f"{name}: {made} uses no such variable; {meant}allowed: {', '.join(usable)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(refusal(*(os.environ.get(name, "").split() for name in ("REFUSED", "MAKECMDGOALS", "USABLE"))))
