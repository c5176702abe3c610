"""Committed notebooks under test: kernels as in the build, results written beside the real ones.

nbval starts its kernels over ports, which fails now and then when several start at once, and runs the cells as they
stand, so that a notebook would write into `figures/`.
"""

import os
from pathlib import Path

import pytest

from compendium.workflow.kernels import SCRATCH, connection, environment, private_folder

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Give nbval's kernels sockets in a private folder and the surroundings of the build."""
    if not getattr(config.option, "nbval", False):
        return
    import nbval.kernel

    folder = private_folder()
    sockets = folder.__enter__()
    before = dict(os.environ)
    original = nbval.kernel.KernelManager

    def manager(**settings):
        return original(**settings, **connection(sockets))

    def restore():
        nbval.kernel.KernelManager = original
        os.environ.clear()
        os.environ.update(before)
        folder.__exit__(None, None, None)

    config.add_cleanup(restore)
    os.environ.update(environment(ROOT, sockets, SCRATCH))
    nbval.kernel.KernelManager = manager
