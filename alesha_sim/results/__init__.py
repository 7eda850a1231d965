"""What a run is asked afterwards."""
