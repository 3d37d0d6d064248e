"""A made-up health information exchange that knows the truth: journals to load, and what a right answer says of them.

It shares nothing with what it judges (an import contract): calendars, rules and the meaning of every message are
stated here a second time, from the contract and the care rules. `world.World` is the door:

```python
world = World(Recipe(members=60, days=45, seed=1, faults=frozenset(FAULTS)))
for delivery in world.deliveries():      # in order of receipt: received_at, feed, kind, body, faults
    ...
for label in world.labels(world.instants[-1]):   # what should be listed by who had received all of it by then
    ...
```
"""
