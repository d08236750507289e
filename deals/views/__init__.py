"""Pages about deals: `record` (the list, one deal, registering), `board`, `verbs` (move, win, lose), `settings`."""
