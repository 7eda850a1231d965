"""Simulated channels on SimPy: who can reach whom, how long it takes, who waits in whose inbox.

SimPy's protected fields are touched in this package alone; each place says why.
"""

from alesha_sim.network.channel import Channel, Delivery, Request
from alesha_sim.network.clock import Clock
from alesha_sim.network.inbox import Inbox, InboxStatistics, Worker
from alesha_sim.network.timers import Timetable

__all__ = ["Channel", "Clock", "Delivery", "Inbox", "InboxStatistics", "Request", "Timetable", "Worker"]
