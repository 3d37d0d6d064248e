"""The wire "files": what `load` and the drop folder read, and what `export` writes.

`sniffing` tells what a file is, `intake` turns it into journal lines, `journal` reads one line of our exchange format,
`exporting` writes it, `drop` watches a folder. Of the standards it asks only `connectors.tabular` (where rows end, what
a header means); the HL7 v2 splitter is handed in.
"""
