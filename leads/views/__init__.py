"""Pages about leads: `lists` (the list and a new lead), `record` (one lead and its verbs), `facts`, `settings`."""
