"""Measures what convo-sync promises: each figure beside a rival or a limit from the same run. Knows no private name."""
