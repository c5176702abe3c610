"""The digits in which results are written: the same whatever the processor makes of the last place."""

import contextlib
import functools
import io
import math
import os
import platform
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import biology, comparison, followup, response, subgroups, symptoms, times
from analysis.statistics.power import rank_sum_power
from compendium.files import csv_text, json_text, settled
from compendium.workflow import portable
from tests.places import ROOT, shipped_cohort


@pytest.mark.parametrize(("number", "written"), [
    (0.2525147924626032, "0.252515"), (-18.641114982578387, "-18.6411"), (2.2351741790771484e-06, "2.23517e-06"),
    (0.1 + 0.2, "0.3"), (3.9999999999999996, "4.0"), (1234567.4999999999, "1234567.5"),
    (12345.6789, "12345.679"),  # three decimals are more than six digits
    (12.34565, "12.3457"),  # a half goes away from zero, as by hand, and not by its binary value
    (-12.34565, "-12.3457"), (12.345649999999998, "12.3457"),  # the same half with noise
    (12.3456499, "12.3456"),  # and what is less than half
    (999999.9996, "1000000.0"), (1e300, "1e+300"), (-0.0, "0.0"), (math.inf, "inf"), (math.nan, "nan"),
])  # fmt: skip
def test_written_digits(number, written):
    assert repr(settled(number)) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_is_near_and_is_written_as_itself(number):
    assert settled(settled(number)) == settled(number)
    away = abs(Fraction(settled(number)) - Fraction(number))
    noise = Fraction(6, 10**12) * abs(Fraction(number))
    assert away <= Fraction(5, 10**4) + noise
    assert abs(number) < 1e-300 or away <= Fraction(5, 10**6) * abs(Fraction(number)) + noise


@given(st.integers(1, 10**7), st.integers(0, 9), st.integers(-20, 20))
def test_noise_does_not_decide_where_a_decimal_lies_on_the_edge(digits, places, steps):
    number = digits / 10**places
    noisy = number + steps * math.ulp(number)
    assert settled(noisy) == settled(number)


MODULES = (biology, comparison, followup, response, subgroups, symptoms, times)
FRAMES = {"figure-1": symptoms.symptom_profile, "subgroups": subgroups.symptoms_by_group, "times": times.curves}


def results():
    """Give the values of the study by module, and the frames behind its figures; powers of a few samples will do."""
    study = shipped_cohort()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subgroups, "rank_sum_power", functools.partial(rank_sum_power, simulations=50))
        values = {module.__name__: module.summarise(study) for module in MODULES}
    values["response times"] = followup.response_times(study)
    return values, {name: make(study).reset_index() for name, make in FRAMES.items()}


def written(values, frames):
    return {name: json_text(one) for name, one in values.items()} | {
        name: csv_text(one) for name, one in frames.items()
    }


@pytest.fixture(scope="module")
def here():
    return results()


def nudged(value, steps):
    """The same with every float moved by some last places."""
    if isinstance(value, dict):
        return {key: nudged(one, steps) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [nudged(one, steps) for one in value]
    return value + steps * math.ulp(value) if isinstance(value, float) and math.isfinite(value) and value else value


def test_no_result_is_written_otherwise_after_noise_in_the_last_places(here):
    values, frames = here
    for steps in (-8, 1, 8):
        moved = nudged(values, steps), {name: frame.map(nudged, steps=steps) for name, frame in frames.items()}
        assert moved[0] != values and not any(moved[1][name].equals(frame) for name, frame in frames.items())
        assert written(*moved) == written(*here)


PRINT = """
import sys
sys.path.insert(0, {root!r})
from tests import test_files
from compendium.workflow import portable
exec(portable.PROBE)
print(test_files.written(*test_files.results()))
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="no other processor can be played here")
def test_another_processor_writes_the_same(here):
    """Kernels of BLAS, instructions of NumPy and of the C library taken away, all at once."""
    other = {}
    for variation in portable.variations():
        other |= variation.environment if variation.changes else {}
    assert {"OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"} & set(other)
    other["OPENBLAS_CORETYPE"] = "Nehalem"
    run = [sys.executable, "-c", PRINT.format(root=str(ROOT))]
    done = subprocess.run(run, env=os.environ | other, capture_output=True, text=True, check=True)
    *numbers, there = done.stdout.splitlines()
    with contextlib.redirect_stdout(io.StringIO()) as usual:
        exec(portable.PROBE, {})
    if numbers == usual.getvalue().splitlines():
        pytest.skip("this processor has nothing that could be taken away")
    assert there == str(written(*here))


def test_a_table_keeps_its_types_and_gaps():
    frame = pd.DataFrame(
        {"n": pd.array([1, None], "Int64"), "x": [1 / 3, np.nan], "t": ["=1", None], "b": [True, False]}
    )
    assert csv_text(frame) == "n,x,t,b\n1,0.333333,'=1,True\n,,,False\n"
    assert frame["x"].tolist()[0] == 1 / 3, "what is written is changed, not what was given"
    with pytest.raises(ValueError):
        json_text({"a": {"x": math.nan}})


@given(st.decimals(min_value=0, max_value=Decimal("99999.999"), places=3))
def test_measured_levels_are_written_as_they_were_entered(level):
    assert Decimal(repr(settled(float(level)))) == level
