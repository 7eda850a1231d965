"""A run: assembled from a scenario, stepped, finished."""
