"""The demonstration: two portals, the cast, and some months of leads. Development only.

`people` sets the stage, `prospects` invents who is interested, `stories` sends leads through their
lives with the same actions that pages use, on a clock of its own.
"""
