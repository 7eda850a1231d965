"""SimPy's clock, tasks and timers, extended; nothing here knows a message."""
