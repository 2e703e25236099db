"""Tests of the archive's file: failures, migrations, derived rows, reading."""
