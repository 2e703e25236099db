"""The simulator against its contract."""
