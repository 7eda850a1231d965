"""The calendars that a clock can have in this form of the library: both in Python, one where it is compiled."""

from alesha_sim.form import COMPILED
from alesha_sim.kernel.clock import LinkedCalendar
from alesha_sim.kernel.tuple_calendar import TupleCalendar

CALENDARS = (LinkedCalendar,) if COMPILED else (TupleCalendar, LinkedCalendar)
