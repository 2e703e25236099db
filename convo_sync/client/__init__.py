"""The Convo API as typed calls: `http` alone names httpx, `endpoints` knows the paths, `answers` what is meant."""

from convo_sync.client.http import BYTE_CAP, DEADLINE_SECONDS, Client, Meter

__all__ = ["BYTE_CAP", "DEADLINE_SECONDS", "Client", "Meter"]
