import math

import pandas as pd
import pytest

from analysis.characteristics import COLUMNS, SECTIONS, characteristics
from analysis.vocabulary import Population
from tests.cohorts import random_cohort
from tests.small_cohort import small_cohort


def test_rows_of_six_patients():
    frame = characteristics(small_cohort())
    counted = frame[frame["statistic"].isin(["count", "count_percent"])]
    # The skin is counted of all six, although one was not examined; but for the mutation, looked for in two. The marrow
    # is counted of the four with an evaluated one, although its histology was known of three only.
    expected = """classification.primary 4/6 classification.idiopathic 2/6 classification.ism 2/6
        classification.ism.kit_positive 1/2 classification.ism.kit_negative 1/2 classification.ism.kit_not_evaluated 0/2
        classification.cm 1/6
        classification.cm.kit_positive 0/1 classification.cm.kit_negative 0/1 classification.cm.kit_not_evaluated 1/1
        classification.mcas 3/6
        classification.mcas.kit_positive 1/3 classification.mcas.kit_negative 1/3
        classification.mcas.kit_not_evaluated 1/3
        who.multifocal_infiltrates 1/2 who.atypical_mast_cells 0/6 who.kit_d816v 2/4 who.cd2_cd25 0/6
        who.tryptase_over_20 2/6
        presentation.skin 3/6 presentation.skin.maculopapular 0/6 presentation.skin.histology 0/6
        presentation.skin.kit 1/2 presentation.bone_marrow 2/4 presentation.bone_marrow.histology 1/4
        presentation.bone_marrow.cytology 0/4 presentation.bone_marrow.phenotype 0/4 presentation.bone_marrow.kit 0/4
        presentation.bone_density 0/6
        therapies.symptomatic 4/6 therapies.h2_antihistamine 1/6 therapies.h1_antihistamine 4/6
        therapies.montelukast 0/6 therapies.sodium_cromoglycate 0/6 therapies.cytoreductive 2/6 therapies.cladribine 1/6
        therapies.masitinib 0/6 therapies.imatinib 2/6 therapies.rapamycin 0/6 therapies.interferon 0/6"""
    found = [f"{row} {n}/{of}" for row, n, of in counted[["row", "n", "denominator"]].itertuples(index=False)]
    assert " ".join(found) == " ".join(expected.split())
    rows = characteristics(small_cohort()).set_index("row")
    assert list(rows.loc["general.age_at_diagnosis", ["n", "median", "minimum", "maximum"]]) == [6, 35, 10, 60]
    assert list(rows.loc["general.age_at_treatment", ["n", "median", "minimum", "maximum"]]) == [6, 45, 20, 65]
    assert list(rows.loc["general.time_to_treatment", ["n", "median", "minimum", "maximum"]]) == [6, 30, 2, 444]
    assert list(rows.loc["general.sex_ratio", ["n", "denominator", "ratio"]]) == [2, 4, 0.5]
    assert list(rows.loc["laboratory.tryptase", ["n", "mean", "minimum", "maximum"]]) == [1, 30, 30, 30]
    assert rows.at["laboratory.total_ige", "n"] == 0
    assert math.isnan(rows.at["laboratory.total_ige", "mean"])
    assert tuple(frame.columns) == COLUMNS
    sections = frame["row"].str.split(".").str[0]
    # 4 general rows; 2 for the bracket, 3 diseases and 3 x 3 KIT rows; 5 criteria; 4 skin, 5 marrow, bone density;
    # tryptase and IgE; 1 + 4 symptomatic and 1 + 5 cytoreductive therapies.
    assert sections.value_counts(sort=False).to_dict() == dict(zip(SECTIONS, (4, 14, 5, 10, 2, 11), strict=True))
    assert frame["row"].is_unique
    kinds = {"median_range": 2, "duration_range": 1, "ratio": 1, "count": 9, "count_percent": 31, "mean_range": 2}
    assert frame["statistic"].value_counts().to_dict() == kinds
    assert characteristics(random_cohort(1, 6)).dtypes.equals(characteristics(small_cohort()).dtypes)
    assert isinstance(characteristics(small_cohort())["n"].dtype, pd.Int64Dtype)


@pytest.mark.parametrize("population", Population)
def test_every_population_and_a_single_patient(population):
    frame = characteristics(random_cohort(1, 6, population))
    assert set(frame["column"]) == {population}
    empty = frame[frame["denominator"].eq(0) & frame["statistic"].isin(["count", "count_percent"])]
    assert empty["percent"].isna().all()
    assert len(empty) > 0
    full = frame[frame["denominator"].gt(0) & (frame["statistic"] != "ratio")]
    assert full["percent"].notna().all()
