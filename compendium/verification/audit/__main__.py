"""``python -m compendium.verification.audit CLAIMS`` prints the audit as CSV; ``--out FILE`` writes it."""

import argparse
import os
import sys
from pathlib import Path

from compendium.files import write_atomically
from compendium.verification.audit.arithmetic import LARGEST
from compendium.verification.audit.claims import ClaimsError, read_claims
from compendium.verification.audit.table import audit, summary


def _largest(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    parser = argparse.ArgumentParser(
        prog="python -m compendium.verification.audit", description="Audit the numbers a paper prints."
    )
    parser.add_argument("claims", metavar="CLAIMS", type=Path, help="CSV file with the columns claim, kind and value")
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the table there instead of printing it")
    parser.add_argument("--largest", type=_largest, default=LARGEST, help="largest denominator (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        table = audit(read_claims(options.claims), options.largest)
        text = table.to_csv(index=False, lineterminator="\n")
        if options.out:
            write_atomically(options.out, text.encode())
            print(f"{summary(table)}; wrote {options.out}")
            return
    except (ClaimsError, OSError) as error:
        sys.exit(str(error))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python must not complain when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
