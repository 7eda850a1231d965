"""The laws that the books of a run keep, checked from its tables alone."""
