"""What all tests share, and committed notebooks under test: kernels as in the build, results beside the real ones.

nbval starts its kernels over ports, which fails now and then when several start at once, runs the cells as they stand,
so that a notebook would write into `figures/`, and does not look at what is written.
"""

import contextlib
import fcntl
import functools
import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

from compendium.folders import make_folder, remove_folder
from compendium.workflow.differences import differences, in_one_line
from compendium.workflow.driver import cores
from compendium.workflow.kernels import SCRATCH, connection, environment, manager_class, private_folder, started

ROOT = Path(__file__).resolve().parents[1]
COHORT = str(ROOT / "data" / "cohort")
SEED_OF_ANOTHER = 9
WRITTEN = "what it wrote"
# What takes longest comes first, so that no process waits for another one at the end.
FIRST = (
    *("test_centre", "test_warm_kernels", "test_build", "test_further", "test_paper", "test_verdicts", "sensitivity"),
    *("test_determined_rules", "test_results", "test_determined", "test_reconstruction", "test_damaged_cohorts"),
)

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "build" / "cache" / "hypothesis"))
# How long an example takes says more of a busy machine than of the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _patient():
    """Let a build say nothing of how long it takes, which hangs on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compendium.workflow.driver.PATIENCE", 600.0)
        yield


@pytest.fixture(scope="session")
def shipped():
    """Give the shipped cohort."""
    from tests.places import shipped_cohort

    return shipped_cohort()


@pytest.fixture(scope="session")
def claims():
    """Give what the paper prints."""
    from compendium.verification.published import read_claims

    return read_claims()


@pytest.fixture(scope="session")
def shipped_rates():
    """Give the rates of the paper beside those of the committed results, which two files of tests look at."""
    # The process that hands the tests out needs none of this.
    from compendium.verification.published import built_values
    from compendium.verification.published_rates import compared_rates

    return compared_rates(ROOT / "data" / "published", built_values(ROOT / "figures"))


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory):
    """Give the folder of a cohort of another seed, made once for all processes of a run."""
    from compendium.reconstruction.chain import reconstruct, write_cohort
    from compendium.reconstruction.leaning import Leaning

    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / f"seed {SEED_OF_ANOTHER}"
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "datapackage.json").exists():
            write_cohort(reconstruct(Leaning, SEED_OF_ANOTHER), folder, SEED_OF_ANOTHER)
    return folder


@pytest.fixture(scope="session")
def another_cohort(other_folder):
    """Give the cohort of another seed."""
    from analysis.cohort import read_cohort

    return read_cohort(other_folder)


class Written(pytest.Item):
    """The files that a notebook wrote, against the committed ones."""

    def runtest(self):
        folder = ROOT / "build" / "scratch" / self.path.stem
        written = {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
        committed = {path.name: path.read_bytes() for path in (ROOT / "figures").iterdir() if path.name in written}
        # Results of another centre's cohort are not committed.
        apart = in_one_line(differences(committed, {name: written[name] for name in committed}))
        assert not apart, apart

    def repr_failure(self, excinfo):
        return str(excinfo.value)


def pytest_xdist_auto_num_workers():
    """Use two processes to four, as there are cores: kernels and browsers need some of them, too."""
    return min(max(cores(), 2), 4)


def _is_notebook(item):
    return item.path.suffix == ".ipynb"


def pytest_collection_modifyitems(items):
    """Look after the last cell of each notebook at what it wrote, and begin with what takes longest."""
    last = {item.path: item for item in items if _is_notebook(item)}
    for item in last.values():
        items.insert(items.index(item) + 1, Written.from_parent(item.parent, name=WRITTEN))
    order = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(FIRST)))
    gc.freeze()  # what was imported stays: garbage is not sought in it again and again


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let a notebook that begins write into an empty folder of its own."""
    if _is_notebook(item) and item.parent.kernel is None:
        folder = ROOT / "build" / "scratch" / item.path.stem
        remove_folder(folder)
        make_folder(folder)
        os.environ["COMPENDIUM_OUTPUT"] = f"{SCRATCH}/{item.path.stem}"


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Give nbval's kernels sockets in a private folder and the surroundings of the build."""
    if not getattr(config.option, "nbval", False):
        return
    import nbval.kernel

    stack = contextlib.ExitStack()
    sockets = stack.enter_context(private_folder())
    before = dict(os.environ)
    original = nbval.kernel.KernelManager

    @functools.cache
    def kernels():
        """Kernels forked from one process, which starts with the first of them."""
        server = stack.enter_context(started(ROOT, sockets, (ROOT / "notebooks").glob("*.ipynb"), COHORT))
        return manager_class(server, original) if server else original

    def manager(**settings):
        return kernels()(**settings, **connection(sockets))

    def restore():
        nbval.kernel.KernelManager = original
        os.environ.clear()
        os.environ.update(before)
        stack.close()

    config.add_cleanup(restore)
    os.environ.update(environment(ROOT, sockets, SCRATCH))
    nbval.kernel.KernelManager = manager
    if hasattr(config, "workerinput"):  # while this process collects the tests
        kernels()
