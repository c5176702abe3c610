"""Read the files of a cohort, whatever their kind, and check them against the data contract.

`sources` finds the tables; readers of each kind of file turn them into texts as they stand, and refuse what could be
read in two ways. `mapping` and `terms` put the contract's words for a centre's own. `checking` refuses what the
contract does not allow, with what was perhaps meant (`suggestions`), and runs the checks between tables on the rest.
`snapshot` writes the checked copy that the notebooks read.
"""
