"""Read the files of a cohort, whatever their kind, and check them against the data contract.

`sources` finds the six tables in a workbook or a folder; `files` takes each file's bytes once; `csv_tables`,
`parquet_tables` and `workbooks` (if they are safe to read) turn them into texts as they stand, with the rows of the
file, and refuse what could be read in two ways. `mapping` turns a centre's own names and codes into those of the
contract, `terms` gives each adverse event one name. `checking` refuses each text that the contract does not allow,
with what was perhaps meant (`suggestions`), and runs the checks between tables on what is left. `snapshot` writes the
checked copy that the notebooks read, and `private` says where such files may be written.
"""
