"""Who comes when, and what for."""
