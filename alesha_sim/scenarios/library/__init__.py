"""The shipped scenarios: one module each, with a function of the same name that returns a `Scenario`."""
