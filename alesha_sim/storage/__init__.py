"""Runs whose records leave memory as they go: packed rows on disk, and from there the Parquet files of a result.

What is recorded and how a table shows it stays with the logs and the ledger; here is only where their rows are.
"""

from alesha_sim.recording.message_log import MessageLog
from alesha_sim.recording.messages import Messages
from alesha_sim.recording.run_logs import Records
from alesha_sim.storage.on_disk import Spooled
from alesha_sim.storage.saved import Manifest
from alesha_sim.storage.spool import Spool

__all__ = ["Manifest", "MessageLog", "Messages", "Records", "Spool", "Spooled"]
