"""Every fault at every endpoint: from the simulator's own lists, so that a new one is tested by being there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.client import Client
from convo_sync.errors import ConvoSyncError
from convo_sync.records import ConversationId, Kind, Outcome
from convo_sync.simulator import FAULT_KINDS, OPERATION_IDS, Fault
from tests.rig import HELD, Rig, add

SYNCED = ("listConversations", "getProfile", *HELD)
ID = ConversationId("sess_00001")
CALLS: dict[str, Callable[[Client], Any]] = {
    "listConversations": lambda client: client.list_conversations(),
    "getTranscript": lambda client: client.get_document(ID, Kind.TRANSCRIPT),
    "getKeypoints": lambda client: client.get_document(ID, Kind.KEYPOINTS),
    "getFeedback": lambda client: client.get_document(ID, Kind.FEEDBACK),
    "getProfile": lambda client: client.get_profile(),
    "generateKeypoints": lambda client: client.generate_keypoints(ID, force_refresh=False),
    "generateFeedback": lambda client: client.generate_feedback(ID, force_refresh=False),
    "generateEmail": lambda client: client.write_email(ID, recipient_name="Luc", tone="concise"),
    "queryConversation": lambda client: client.ask(ID, "what was decided?"),
    "updateTitle": lambda client: client.rename(ID, "A title"),
    "deleteConversation": lambda client: client.delete(ID),
    "listCalendarEvents": lambda client: client.list_events(),
    "listWebhooks": lambda client: client.list_webhooks(),
    "registerWebhook": lambda client: client.create_webhook("https://hook.example/", ["transcript.ready"]),
    "deleteWebhook": lambda client: client.delete_webhook("wh_1"),
    "testWebhook": lambda client: client.test_webhook("wh_1"),
}
SPENDING = {"generateKeypoints", "generateFeedback", "generateEmail", "queryConversation"}


def fitting(operations: Iterable[str]) -> list[tuple[str, str]]:
    """Every kind with every operation it can happen to."""
    return [(name, each) for name, kind in FAULT_KINDS.items() for each in operations if kind.fits(each)]


def fault(kind: str, operation: str, times: int | None = None) -> Fault:
    """The fault, quick and small enough for a test."""
    seconds = {"delay": 0.01, "drip": 0.0001, "rate_limited": 30.0}.get(kind)
    return Fault(kind=kind, endpoint=operation, times=times, seconds=seconds, size=9 * 2**20)


def test_every_endpoint_has_a_call() -> None:
    """The client can call all that the contract has, save `share`, which nothing may call."""
    assert set(CALLS) == set(OPERATION_IDS) - {"shareConversation"}
    assert not hasattr(Client, "share")


@pytest.mark.parametrize(("kind", "operation"), fitting(SYNCED))
def test_a_fault_in_a_sync_costs_nothing_for_good(tmp_path: Path, kind: str, operation: str) -> None:
    """Whatever happens to an endpoint in one run, the run ends in plain words and a later one has everything."""
    with Rig.serving(tmp_path) as rig:
        for number in (1, 2, 3):
            add(rig, number, timedelta(days=30 + number))
        rig.simulator.faults.add(fault(kind, operation))
        run, error = rig.sync()
        assert run.outcome in Outcome
        assert (error is None) == (run.outcome is Outcome.COMPLETE)
        rig.simulator.faults.clear()
        for _ in range(3):
            rig.clock.advance(timedelta(days=8))
            # What a false 404 hid from an old meeting, only the audit finds.
            run, error = rig.sync(audit=True)
        assert run.outcome is Outcome.COMPLETE, error
        assert rig.rows("select count(*) from segments") == [(36,)]
        assert rig.rows("select count(*) from decisions") == [(3,)]
        assert rig.rows("select count(*), count(gone_at) from conversations") == [(3, 0)]


@pytest.mark.parametrize(("kind", "operation"), fitting(CALLS))
def test_a_call_ends_in_an_answer_or_in_one_of_our_errors(tmp_path: Path, kind: str, operation: str) -> None:
    """No fault of any endpoint escapes as a foreign exception, and a POST that spends a credit is sent once."""
    with Rig.serving(tmp_path, tier="professional") as rig:
        add(rig, 1, timedelta(days=30))
        rig.simulator.faults.add(fault(kind, operation))
        with Client(rig.url, rig.key, sleep=lambda _: None, deadline_seconds=2.0, byte_cap=2**20) as client:
            try:
                CALLS[operation](client)
            except ConvoSyncError as error:
                assert error.message  # noqa: PT017 - an answer will do as well
        if operation in SPENDING:
            assert len(rig.simulator.charges) <= 1
            assert rig.asked(operation) <= 1
