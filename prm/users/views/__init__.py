"""Pages about people: `people` (the list, one person, the invitation), `account` (one's own), `settings`."""
