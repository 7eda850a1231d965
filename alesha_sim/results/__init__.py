"""What a run is asked afterwards."""

from alesha_sim.recording.run_logs import InboxStatistics
from alesha_sim.recording.samples import Samples
from alesha_sim.results.after_warmup import AfterWarmup
from alesha_sim.results.result import Result
from alesha_sim.results.snapshot import Snapshot

__all__ = ["AfterWarmup", "InboxStatistics", "Result", "Samples", "Snapshot"]
