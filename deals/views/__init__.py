"""Pages about deals.

`record` (the list, one deal, registering), `board`, `verbs` (move, win, lose), `bulk` (those to many), `settings`.
"""
