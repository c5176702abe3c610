"""Committed notebooks under test: kernels as in the build, results written beside the real ones.

nbval starts its kernels over ports, which fails now and then when several start at once, and runs the cells as they
stand, so that a notebook would write into `figures/`.
"""

import contextlib
import functools
import os
from pathlib import Path

import pytest
from hypothesis import settings

from compendium.workflow.kernels import SCRATCH, connection, environment, manager_class, private_folder, started

ROOT = Path(__file__).resolve().parents[1]
COHORT = str(ROOT / "data" / "cohort")

os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / "build" / "cache" / "hypothesis"))
# How long an example takes says more of a busy machine than of the code.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def shipped_rates():
    """Give the rates of the paper beside those of the committed results, which two files of tests look at."""
    # The process that hands the tests out needs none of this.
    from compendium.verification.published import built_values
    from compendium.verification.published_rates import compared_rates

    return compared_rates(ROOT / "data" / "published", built_values(ROOT / "figures"))


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


@pytest.fixture(scope="session")
def another_cohort(tmp_path_factory):
    """A cohort of another seed, found with little effort."""
    from analysis.cohort import read_cohort
    from compendium.reconstruction.__main__ import write_cohort
    from compendium.reconstruction.model import build_model, solve
    from compendium.reconstruction.rows import make_tables
    from compendium.verification.published import read_claims

    folder = tmp_path_factory.mktemp("seed 4")
    model = build_model(read_claims(), 4)
    write_cohort(make_tables(model, solve(model, 4, effort=0.1), 4), folder, 4)
    return read_cohort(folder)
