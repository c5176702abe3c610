"""How reliably kernels start: `python -m benchmarks.kernels [--number 1000]`.

A notebook with one cell is run so many times, several at once, in the way of the build. Failures are counted and named.
"""

import json
import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil

from benchmarks import notebook, options, timed
from compendium.workflow.driver import cores
from compendium.workflow.jobs import ROOT, BuildError
from compendium.workflow.kernels import Kernels, environment, private_folder, started
from compendium.workflow.notebooks import execute, load_papermill


def outcome(folder: Path, kernels: Kernels, number: int) -> str:
    """Run once; "started", or why not."""
    executed = folder / f"{number}.ipynb"
    try:
        execute(folder / "notebook.ipynb", executed, {}, kernels)
        result = json.loads(executed.read_text(encoding="utf-8"))["cells"][0]["outputs"][0]["data"]["text/plain"]
        executed.unlink()
        return "started" if "".join(result) == "2" else f"wrong result {result}"
    except BuildError as error:
        return str(error).splitlines()[0]


def usage() -> tuple[float, int]:
    """Give the megabytes of this process and its children, and the number of the children."""
    own = psutil.Process()
    children = own.children(recursive=True)
    return sum(one.memory_info().rss for one in (own, *children)) / 1e6, len(children)


if __name__ == "__main__":
    given = options(__doc__, number=(1000, "kernels to start"), cold=(False, "start each by itself"))
    load_papermill()
    with tempfile.TemporaryDirectory() as folder, private_folder() as private:
        os.environ.update(environment(Path(folder), private) | {"COMPENDIUM_COLD": "1" if given.cold else ""})
        path = Path(folder) / "notebook.ipynb"
        path.write_text(json.dumps(notebook("1 + 1")), encoding="utf-8")
        with started(ROOT, private, [path] * 2) as server, ThreadPoolExecutor(2 * cores()) as pool:
            run = partial(outcome, Path(folder), Kernels(private, server))
            outcomes = Counter(pool.map(run, range(4)))
            before = usage()
            seconds, found = timed(lambda: Counter(pool.map(run, range(given.number))))
            after = usage()
        print(f"{given.number} kernels in {seconds:.0f} s, {2 * cores()} at a time")
        print(f"memory of driver and server {before[0]:.0f} MB before, {after[0]:.0f} MB after; children {after[1]}")
        for text, count in (outcomes + found).most_common():
            print(f"{count:6d}  {text}")
