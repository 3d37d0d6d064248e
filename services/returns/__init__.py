"""Return files: what an ECM provider sends back to a plan each month, in the plan's own columns.

`loading` compiles the map pages, `reading` and `writing` turn a plan's text into rows and back, `due` says when a file
is due, `arrivals` when it came, and `snapshots` what changed from one member information file to the next. Pure.
"""
