"""What a walk about money chooses from: faults, crashes, assumptions, pauses, and what config.toml may say."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.records import Kind
from convo_sync.simulator import FAULT_KINDS

CRASHES = ("before commit", "after commit", "before request", "after request", "before post", "after post",
           "reply lost", "reply kept", "disk full")  # fmt: skip
FAULTS = sorted(set(FAULT_KINDS) - {"huge", "delay", "drip"})
SPENDING = ("generateKeypoints", "generateFeedback", "generateEmail", "queryConversation")
FREE = ("listConversations", "getProfile", "getKeypoints", "getFeedback")
TIERS = ("starter", "professional", "enterprise")
ASSUMPTIONS: dict[str, tuple[str, ...]] = {
    "credit_counter": ("immediate", "lagging"),
    "missing_keypoints": ("404", "null", "empty"),
    "deleted": ("404", "410", "200"),
    "segment_count": ("sent", "omitted"),
    "running_end_time": ("null", "omitted"),
    "generate_without_transcript": ("404", "400"),
    "feedback_under_10": ("400", "404"),
    "profile_limit_null": ("null", "omitted"),
    "rate_headers": ("yes", "no"),
    "date_header": ("yes", "no"),
}
PAUSES = (timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=20), timedelta(minutes=62), timedelta(hours=7),
          timedelta(days=1, hours=1), timedelta(days=9), timedelta(days=31), timedelta(days=70))  # fmt: skip
picks = st.integers(0, 10**6)
syncs = st.sampled_from(["", "sync", "sync", "later"])
made = st.sampled_from([Kind.KEYPOINTS, Kind.KEYPOINTS, Kind.FEEDBACK])
plain = st.builds(Rule, generate=made, when=st.just(When.MISSING), at_most=st.sampled_from([None, None, 1, 2]))
filtered = st.builds(
    Rule,
    generate=made,
    when=st.sampled_from([When.MISSING, When.TRANSCRIPT_CHANGED]),
    min_minutes=st.sampled_from([None, None, 45.0]),
    min_segments=st.sampled_from([None, None, 11]),
    title=st.sampled_from([None, None, "meeting"]),
    not_title=st.sampled_from([None, None, "renamed"]),
    within_days=st.sampled_from([None, None, 60.0]),
    at_most=st.sampled_from([None, None, 0, 3]),
)
changed = st.builds(Rule, generate=made, when=st.just(When.TRANSCRIPT_CHANGED))
aged = st.builds(
    Rule,
    generate=made,
    when=st.just(When.OLDER_THAN),
    older_than=st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=40)]),
    at_most=st.sampled_from([None, 1, 3]),
)
budgets = st.builds(
    Settings,
    monthly_cap=st.sampled_from([3, 2, 5, 8, 40, 1, 0, None]),
    keep=st.sampled_from([0, 0, 0, 2, 7]),
    settle=st.sampled_from([timedelta(0), timedelta(minutes=15)]),
    rules=st.lists(plain | plain | filtered | changed | aged, max_size=3).map(tuple),
)
