"""Arithmetic that gives the same numbers on every machine."""
