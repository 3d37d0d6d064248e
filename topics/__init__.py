"""The streams of a cluster, each declared once: name, key, schema, partitions, retention, writer, readers.

`declared` lists them, `raw` and `telling` write and read their records, `schemas` describes these and says whether a
newer description still reads what was written, `page` makes the reference page.
"""
