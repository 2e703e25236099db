"""What `sync --dry-run` promises: what is bought by which rule, why the rest is not, and the most that it can cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .buyer import FIRST, Buyer
from .console import Console

MISSING = '[[credits.rule]]\ngenerate = "{kind}"\nwhen = "missing"\n'
RULE_SETS = {
    "no cap": MISSING.format(kind="keypoints"),
    "cap 0": f"monthly_cap = 0\n{MISSING.format(kind='keypoints')}",
    "cap 3": f"monthly_cap = 3\n{MISSING.format(kind='keypoints')}",
    "all of both": f"monthly_cap = 99\n{MISSING.format(kind='feedback')}{MISSING.format(kind='keypoints')}",
    "keep": f"monthly_cap = 99\nkeep = 98\n{MISSING.format(kind='keypoints')}",
    "two of one kind": (
        f"monthly_cap = 3\n{MISSING.format(kind='keypoints')}title = '[135]$'\nat_most = 2\n"
        f"{MISSING.format(kind='keypoints')}min_minutes = 25"
    ),
    "renewed": (
        'monthly_cap = 9\n[[credits.rule]]\ngenerate = "keypoints"\nwhen = "transcript-changed"\n'
        '[[credits.rule]]\ngenerate = "keypoints"\nwhen = "older-than 90 days"\n'
    ),
}


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A professional account and a complete archive of six meetings without key points and feedback."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch)) as buyer:
        yield buyer


def promised(buyer: Buyer) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """What the dry run says will be bought, in order, and all that it says; it sends nothing and writes nothing."""
    asked, before = len(buyer.sim.requests), buyer.ledger
    plan = buyer.sync("--dry-run", "--json").json
    assert (len(buyer.sim.requests), buyer.ledger) == (asked, before)
    assert plan["credits"] == sum(each["price"] for each in plan["generations"])
    return [(each["conversation_id"], each["kind"]) for each in plan["generations"]], plan


def keeps_its_promise(buyer: Buyer) -> list[tuple[str, str]]:
    """The next sync is charged for exactly what was promised, by the rules that were named; what that was."""
    wanted, plan = promised(buyer)
    before, lines = len(buyer.charged), len(buyer.ledger)
    ran = buyer.sync("--json")
    assert ran.code == 0, ran.err
    assert buyer.charged[before:] == wanted
    assert ran.json["credits"] == len(wanted) <= plan["most_credits"]
    rules = [rule for (rule,) in buyer.sql("select rule from ledger order by id")[lines:]]
    assert rules == [each["rule"] for each in plan["generations"]]
    return wanted


def mix(buyer: Buyer) -> None:
    """Some meetings get key points: old ones, new ones, and some whose transcript changes afterwards."""
    for number, age in ((1, 100), (2, 1), (4, 1)):
        made = datetime.now(UTC) - timedelta(days=age)
        inner = {"sections": [{"heading": "A", "points": [f"point {number}"]}]}
        buyer.sim.world.set_keypoints(f"sess_{number:05d}", inner, created_at=made)
    # The archive asks again for what it did not find only after a while.
    buyer.sql("update holdings set next_try_at = '2020-01-01T00:00:00.000Z' where state = 'absent'")
    assert buyer.sync().code == 0
    said = [{"text": "one more thing", "speaker": "Speaker 0", "timestamp": "2026-03-20T12:00:00.000Z"}]
    buyer.sim.world.grow("sess_00004", said)
    assert buyer.sync().code == 0
    # A transcript that came just now may still be changing.
    buyer.sql("update revisions set fetched_at = strftime('%Y-%m-%dT%H:%M:%fZ', fetched_at, '-1 hour')")


# -- kept promises


@pytest.mark.parametrize("name", list(RULE_SETS))
def test_the_next_sync_buys_what_was_promised(buyer: Buyer, name: str) -> None:
    """Expect it twice in a row: what was bought is not promised again."""
    mix(buyer)
    buyer.configure(f"[credits]\n{RULE_SETS[name]}")
    first = keeps_its_promise(buyer)
    assert bool(first) == (name not in ("no cap", "cap 0"))
    assert not set(first) & set(keeps_its_promise(buyer))
    if name == "renewed":
        assert first == [("sess_00004", "keypoints"), ("sess_00001", "keypoints")]
    assert buyer.sim.worst_hour() < 200


_RULES = st.lists(
    st.fixed_dictionaries(
        {
            "generate": st.sampled_from(["keypoints", "feedback"]),
            "when": st.sampled_from(["missing", "missing", "transcript-changed", "older-than 90 days"]),
        },
        optional={
            "min_minutes": st.sampled_from([10, 25, 45]),
            "min_segments": st.sampled_from([5, 13]),
            "title": st.sampled_from(["Meeting", "[024]$", "5"]),
            "not_title": st.sampled_from(["0", "[13]$"]),
            "within_days": st.sampled_from([2.5, 200]),
            "at_most": st.integers(1, 3),
        },
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(rules=_RULES, cap=st.integers(1, 8), keep=st.sampled_from([0, 0, 5]), elsewhere=st.integers(0, 6))
def test_any_rules_keep_their_promise(
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    rules: list[dict[str, Any]],
    cap: int,
    keep: int,
    elsewhere: int,
) -> None:
    """Expect the dry run and the sync to agree on whatever somebody writes; also on what is no configuration."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        console = Console(capsys, monkeypatch)
        with Buyer.serving(tmp_path_factory.mktemp("any"), console, tier="starter") as buyer:
            mix(buyer)
            buyer.sim.spend_elsewhere(elsewhere)
            buyer.credits("ask", FIRST, "how many are left", "--yes")  # reads the counter
            lines = [f"[credits]\nmonthly_cap = {cap}\nkeep = {keep}"]
            for rule in rules:
                lines += ["[[credits.rule]]", *(f"{key} = {_toml(value)}" for key, value in rule.items())]
            buyer.configure("\n".join(lines))
            if buyer.sync("--dry-run").code == 78:
                assert (buyer.sync().code, len(buyer.charged)) == (78, 1)
                return
            keeps_its_promise(buyer)
            keeps_its_promise(buyer)


def _toml(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


@pytest.mark.parametrize("found", [2, 6])
def test_what_convo_has_by_then_is_free(buyer: Buyer, found: int) -> None:
    """Expect at most what was promised to be spent, and no credit for what the app made meanwhile."""
    buyer.configure(f"[credits]\nmonthly_cap = 6\n{MISSING.format(kind='keypoints')}")
    wanted, plan = promised(buyer)
    for number in range(found):
        buyer.sim.world.set_keypoints(f"sess_{number:05d}", {"sections": [{"heading": "A", "points": ["by the app"]}]})
    assert buyer.sync("--json").json["credits"] == len(wanted) - found
    assert (len(wanted), plan["most_credits"]) == (6, 6)
