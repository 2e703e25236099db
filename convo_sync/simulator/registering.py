"""The operations on webhooks: list, register, delete and test.

Must not know what a webhook does, nor limits, faults or the wire.
"""

from __future__ import annotations

from convo_sync.simulator.call import Call
from convo_sync.simulator.wire import FORBIDDEN, VALIDATION, Refusal, Response, answer


def list_webhooks(call: Call) -> Response:
    """All of the account's, without secrets."""
    return answer([hook.shown() for hook in call.service.webhooks.of(call.account)])


def register_webhook(call: Call) -> Response:
    """A new one, with its secret, unless the plan's are used up."""
    hooks, limit = call.service.webhooks, call.account.plan.webhooks
    if limit is not None and len(hooks.of(call.account)) >= limit:
        status = int(call.service.assume["webhook_limit"])
        code = FORBIDDEN if status == 403 else VALIDATION
        raise Refusal(status, code, f"The plan includes {limit} webhooks.")
    hook = hooks.register(call.account, call.body["url"], call.body["events"])
    return answer({**hook.shown(), "secret": hook.secret}, int(call.service.assume["webhook_created"]))


def delete_webhook(call: Call) -> Response:
    """Gone."""
    hook = call.service.webhooks.find(call.account, call.resource_id)
    call.service.webhooks.remove(hook.id)
    return answer({"id": hook.id, "deleted": True})


def test_webhook(call: Call) -> Response:
    """A webhook.test delivery to this one, whatever events it asked for."""
    hook = call.service.webhooks.find(call.account, call.resource_id)
    call.service.webhooks.send(hook, "webhook.test", {"message": "This is a test delivery."})
    return answer({"id": hook.id, "sent": True})
