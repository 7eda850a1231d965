"""Textbook results that a run must agree with: queues, impatience, repeat buying, asking again.

Formulas only: nothing here simulates, draws or reads a scenario. A queue's times are in the time unit of its
rates, a customer's in the unit of `alpha` (weeks, as a rule).
"""

from alesha_sim.theory.customers import BGNBD
from alesha_sim.theory.impatience import ErlangA
from alesha_sim.theory.queues import MG1, MMc, erlang_b
from alesha_sim.theory.retries import Retries

__all__ = ["BGNBD", "MG1", "ErlangA", "MMc", "Retries", "erlang_b"]
