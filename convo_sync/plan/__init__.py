"""Every decision of a run, and nothing else: what a listing proves, what is owed and when, which steps in which order.

Pure: no I/O, no clock, no randomness. `listing` decides about sweeps and the vanished, `schedule` how a holding goes
from state to state, `steps` the order of a run.
"""
