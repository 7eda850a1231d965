"""Random scenarios, and what fails made smaller."""
