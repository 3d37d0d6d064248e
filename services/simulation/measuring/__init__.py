"""What measures should say of a member at an instant: the rules stated a second time, on the world's own objects.

Nothing here is shared with the rooms that it judges; where the text leaves a choice, the module's head says which
reading was taken.

Source: care-rules §4; contract, "Measures and money".
"""
