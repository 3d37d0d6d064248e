"""The standard "a table with a header row": CSV journal kinds and the NDJSON of decisions become facts.

`reader.TabularReader` reads a line; `kinds` says which columns each kind has; `records` cuts bytes into records.
"""
