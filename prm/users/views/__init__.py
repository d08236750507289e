"""Pages about people: `people` (the list, one person, the invitation), `settings` (Settings > Security)."""
