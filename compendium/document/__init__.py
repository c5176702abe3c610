"""The readable paper: one text in Markdown becomes a page, a PDF and a Word file, every number of it computed.

`names` collects what may be named, `formats` prints it, `source` fills a text in and says what is wrong with it,
`tables` reads the tables of the results, `graphics` puts drawings into a page, `filtered` draws them for other
populations and rules; `blocks` puts the parts together, and `page` and `printed` write them. Read are only the folder
of the results and the rules in `analysis.criteria`; `build.write_document` is what the notebook calls.
"""
