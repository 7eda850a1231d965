"""What a run writes down: logs, counters, levels."""
