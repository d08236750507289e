"""Pages about deals: `record` (the list, one deal, registering), `facts`, `board`, `verbs`, `settings`."""
