"""How reliably kernels start: `python benchmarks/kernels.py [--number 1000]`.

A notebook with one cell is run so many times, several at once, in the way of the build. Failures are counted and named.
"""

import json
import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks import options, timed
from compendium.workflow.driver import cores
from compendium.workflow.jobs import BuildError
from compendium.workflow.kernels import environment, private_folder
from compendium.workflow.notebooks import execute, load_papermill

CELL = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": "1 + 1"}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": [CELL]}


def outcome(folder: Path, sockets: Path, number: int) -> str:
    """Run once; "started", or why not."""
    executed = folder / f"{number}.ipynb"
    try:
        execute(folder / "notebook.ipynb", executed, {}, sockets)
        result = json.loads(executed.read_text(encoding="utf-8"))["cells"][0]["outputs"][0]["data"]["text/plain"]
        executed.unlink()
        return "started" if "".join(result) == "2" else f"wrong result {result}"
    except BuildError as error:
        return str(error).splitlines()[0]


def main() -> None:
    """Start the kernels and print how many failed."""
    number = options(__doc__, number=(1000, "kernels to start")).number
    load_papermill()
    with tempfile.TemporaryDirectory() as folder, private_folder() as sockets:
        os.environ.update(environment(Path(folder), sockets))
        (Path(folder) / "notebook.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
        with ThreadPoolExecutor(2 * cores()) as pool:
            run = partial(outcome, Path(folder), sockets)
            seconds, outcomes = timed(lambda: Counter(pool.map(run, range(number))))
        print(f"{number} kernels in {seconds:.0f} s, {2 * cores()} at a time")
    for text, count in outcomes.most_common():
        print(f"{count:6d}  {text}")


if __name__ == "__main__":
    main()
