"""Simulated channels on SimPy: who can reach whom, how long it takes, who waits in whose inbox.

SimPy's protected fields are touched in this package alone; each place says why.
"""

from alesha_sim.network.answer import Answer
from alesha_sim.network.channel import Channel, Delivery
from alesha_sim.network.clock import Clock
from alesha_sim.network.doorkeeper import Doorkeeper, Key
from alesha_sim.network.faults import Faults, Window
from alesha_sim.network.inbox import Inbox, InboxStatistics, Worker
from alesha_sim.network.request import Conflict, GaveUp, NoReply, Request, Withdraw
from alesha_sim.network.retry import Patience, Retry
from alesha_sim.network.task import Task
from alesha_sim.network.timers import Alarm, Bell, Timetable, stop

__all__ = [
    "Alarm", "Answer", "Bell", "Channel", "Clock", "Conflict", "Delivery", "Doorkeeper", "Faults", "GaveUp",
    "Inbox", "InboxStatistics", "Key", "NoReply", "Patience", "Request", "Retry", "Task", "Timetable", "Window",
    "Withdraw", "Worker", "stop",
]  # fmt: skip
