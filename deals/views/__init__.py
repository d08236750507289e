"""Pages about deals.

`record` (the list, one deal, registering), `facts` (edited in place), `board`, `verbs` (move, win, lose), `bulk`
(those to many), `settings`.
"""
