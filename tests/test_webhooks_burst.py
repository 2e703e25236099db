"""A thousand deliveries in a burst, one in three forged: none of the good lost, none of the bad accepted."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from convo_sync.archive.inbox import Inbox
from tests.deliveries import SECRET, body, request, send

pytestmark = pytest.mark.slow
COUNT = 1_000
CALLERS = 32
# Of the process that receives: what a second burst may add to what it has after the first.
GROWTH_BYTES = 2 * 2**20
# A receiver as the daemon serves it, which prints its port, and its resident bytes at each line it is sent.
PROGRAM = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from convo_sync.archive.inbox import Inbox
from convo_sync.webhooks import Receiver

def now(): return datetime.now(UTC)
inbox = Inbox(Path(sys.argv[1]))
def keep(each): return inbox.keep(each.digest, each.event, each.conversation_id, each.sent_at, each.body, now())
receiver = Receiver(("127.0.0.1", 0), lambda: sys.argv[2].encode(), keep, now)
print(receiver.address[1], flush=True)
for _ in sys.stdin:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    print(pages * os.sysconf("SC_PAGE_SIZE"), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory is read from /proc")
def test_a_burst_with_forgeries(tmp_path: Path) -> None:
    """Expect each good one answered 200 and kept once, each forged one refused, and the second burst to take no memory.

    A forged one is signed with another secret, or is a good one's signature over another body.
    """
    archive = tmp_path / "archive.db"
    command = [sys.executable, "-c", PROGRAM, str(archive), SECRET]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        address = ("127.0.0.1", int(process.stdout.readline()))
        sizes = []
        for burst in range(2):
            _burst(address, burst)
            process.stdin.write("\n")
            process.stdin.flush()
            sizes.append(int(process.stdout.readline()))
        process.stdin.close()
    print(f"resident after each burst: {[round(each / 2**20, 1) for each in sizes]} MiB")
    assert sizes[1] - sizes[0] < GROWTH_BYTES
    inbox = Inbox(archive)
    kept = [hint.conversation_id for hint in inbox.waiting()]
    inbox.close()
    good = {f"sess_{burst}_{n}" for burst in range(2) for n in range(COUNT) if n % 3}
    assert (len(kept), set(kept)) == (len(good), good)


def _burst(address: tuple[str, int], burst: int) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        statuses = list(pool.map(lambda n: send(address, _delivery(burst, n))[0], range(COUNT)))
    assert {status for n, status in enumerate(statuses) if n % 3} == {200}
    assert {status for n, status in enumerate(statuses) if not n % 3} == {401}


def _delivery(burst: int, n: int) -> bytes:
    content = body(sent_at=datetime.now(UTC), conversationId=f"sess_{burst}_{n}", filler="x" * 2_000)
    if n % 3:
        return request(content)
    if n % 2:
        return request(content, secret="whsec_forged")
    signed = request(content)
    return signed.replace(b"xxxxx", b"xxxxy", 1)
