"""The tables of a run: which there are, their columns, digests and frames."""
