"""The data contract as pandera schemas, for tables of texts."""

import pandera.pandas as pa

from analysis import schema


def table_schema(table: str) -> pa.DataFrameSchema:
    """Make the pandera schema that checks one of `analysis.schema.TABLES` as it stands in its file.

    It applies to a frame of strings, with missing cells as missing values. The ``error`` of each check says in words
    what is allowed. Columns may stand in any order; unknown columns are refused.
    """
    columns = {
        name: pa.Column(
            checks=pa.Check(
                lambda values, column=column: ~schema.refused(values, column), error=schema.describe_allowed(column)
            ),
            nullable=column["missing"] == "yes",
            required=(table, name) not in schema.OPTIONAL,
            description=column["meaning"],
        )
        for name, column in schema.columns_of(table).iterrows()
    }
    return pa.DataFrameSchema(columns, strict=True, name=table)
