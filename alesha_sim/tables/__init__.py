"""The tables of a run: which there are, their columns, digests and frames."""

from alesha_sim.tables.source import Source

__all__ = ["Source"]
