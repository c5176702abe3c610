"""What is computed, made readable.

In go the cohort, the criteria, and what `analysis` computes of them: frames of unrounded numbers, values by dotted
name. Out come texts, tables, pages and files, and no number that was not there before. `formatting` turns a number into
text, alone and everywhere in the same way. The modules named after rows print a frame as rows of text; `caveats`,
`methods` and `options` say in sentences what was done and what must not be overlooked. `rendering`, `small_tables` and
`display` lay rows out as tables; `pages` fills in the templates in its folder, the only place of markup; `checklist`
and `check_report` are two such pages. `outputs` writes files, equal bytes for equal results.
"""
