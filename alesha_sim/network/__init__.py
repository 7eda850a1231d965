"""Simulated channels on SimPy: who can reach whom, how long it takes, who waits in whose inbox.

SimPy's protected fields are touched in this package alone; each place says why.
"""

from alesha_sim.network.answer import Answer
from alesha_sim.network.channel import Channel, Delivery, Receiver
from alesha_sim.network.faults import Faults, Window
from alesha_sim.network.idempotency import IdempotencyStore, Key, Stored
from alesha_sim.network.inbox import Inbox, Worker
from alesha_sim.network.relay import Relay
from alesha_sim.network.request import Conflict, GaveUp, NoReply, Request, Withdraw
from alesha_sim.network.retry import Retry, RetryPolicy

__all__ = [
    "Answer",
    "Channel",
    "Conflict",
    "Delivery",
    "Faults",
    "GaveUp",
    "IdempotencyStore",
    "Inbox",
    "Key",
    "NoReply",
    "Receiver",
    "Relay",
    "Request",
    "Retry",
    "RetryPolicy",
    "Stored",
    "Window",
    "Withdraw",
    "Worker",
]
