"""Command line: write the empty forms for a cohort of one's own."""

import argparse
import sys
from pathlib import Path

from analysis import schema
from compendium.centre.intake.files import write_new
from compendium.centre.template import texts
from compendium.centre.template.redcap import REPEATING, data_dictionary
from compendium.centre.template.workbook import workbook

_NEXT = """
Fill in one of them:
  {out}/cohort.xlsx  in Excel or LibreOffice; its first sheet says how.
      Then: make check COHORT={out}/cohort.xlsx
  {out}/csv  if the data come out of a database: add rows below the header lines.
      Then: make check COHORT={out}/csv
  {out}/redcap-data-dictionary.csv  in REDCap: Project Setup, Data Dictionary, upload the file; then set up
      {repeating} as repeating instruments. Export all data as CSV (raw data).
      Then: make redcap EXPORT=cohorts/export.csv OUT=cohorts/mine; make check COHORT=cohorts/mine"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, by default with the arguments of the process."""
    parser = argparse.ArgumentParser(prog="make template", description="Write empty forms for a cohort of one's own.")
    parser.add_argument("--out", type=Path, default=Path("cohorts/template"), help="folder (default: %(default)s)")
    out = parser.parse_args(arguments).out
    files = {"cohort.xlsx": workbook()}
    for table in texts.ROWS:  # the header only
        files[f"csv/{table}.csv"] = f"{','.join(schema.columns_of(table).index)}\n".encode()
    files["redcap-data-dictionary.csv"] = data_dictionary().to_csv(index=False, lineterminator="\n").encode()
    try:
        states = write_new(out, files)
    except OSError as error:
        sys.exit(f"make template: {error}")
    for name, state in states.items():
        print(f"{state:>9}  {out / name}")
    print(_NEXT.format(out=out, repeating=f"{', '.join(REPEATING[:-1])} and {REPEATING[-1]}"))


if __name__ == "__main__":
    main()
