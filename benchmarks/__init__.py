"""Measurements that anyone can repeat: what each measures stands in its first line, most results in docs/costs.md."""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any


def options(doc: str, **known: tuple[Any, str]) -> argparse.Namespace:
    """Read the command line of a measurement, which the first line of the docstring of its module describes.

    `known` gives for each option its default and what it means; a list takes several values, False stands for a switch.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    for name, (default, meaning) in known.items():
        if default is False:
            parser.add_argument(f"--{name}", action="store_true", help=meaning)
            continue
        several = {"nargs": "+", "type": type(default[0])} if isinstance(default, list) else {"type": type(default)}
        parser.add_argument(f"--{name}", default=default, help=f"{meaning} (default: %(default)s)", **several)
    return parser.parse_args()


def notebook(*sources: str) -> dict[str, Any]:
    """Make a notebook of cells of code."""
    code = {"cell_type": "code", "execution_count": None, "outputs": []}
    cells = [code | {"id": f"cell-{n}", "metadata": {}, "source": source} for n, source in enumerate(sources)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def timed(task: Callable[[], Any]) -> tuple[float, Any]:
    """Call a task once; returns the seconds it took and what it returned."""
    start = time.perf_counter()
    result = task()
    return time.perf_counter() - start, result


def peak_mb(task: Callable[[], Any]) -> float:
    """Call a task; returns the most megabytes allocated at once beyond what was there before. It runs slower so."""
    tracemalloc.start()
    try:
        task()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
