"""What nobody outside Convo knows for sure: the default is our reading, a client must survive the rest.

Must not know how an assumption is put into effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Assumption:
    """One open question; the first of `values` is what the simulator does unless told otherwise."""

    name: str
    values: tuple[str, ...]
    explanation: str

    @property
    def default(self) -> str:
        """Our reading."""
        return self.values[0]


ASSUMPTIONS: Final = (
    Assumption(
        "list_order",
        ("newest", "oldest", "random-stable", "unstable"),
        "Order of the list: by start, shuffled once, or shuffled anew at each request.",
    ),
    Assumption(
        "since_compares",
        ("startTime", "endTime", "createdAt", "ignored"),
        "What `since` is compared with; createdAt is when the server first had the conversation.",
    ),
    Assumption("since_bound", ("inclusive", "exclusive"), "Whether a time equal to `since` is still listed."),
    Assumption(
        "total_honours_filters",
        ("yes", "no"),
        "Whether pagination.total counts what `search` and `since` let through, or everything.",
    ),
    Assumption("page_limit", ("100", "50"), "Rows a page holds at most; pagination.limit echoes it."),
    Assumption("end_time", ("sent", "never"), "Whether the list ever sends endTime and duration."),
    Assumption(
        "running_end_time",
        ("null", "omitted"),
        "How endTime and duration look while a meeting runs.",
    ),
    Assumption("segment_count", ("sent", "omitted"), "Whether the list sends segmentCount."),
    Assumption(
        "transcript_of_running",
        ("404", "partial"),
        "What GET transcript answers while a meeting runs: nothing, or what was said so far.",
    ),
    Assumption(
        "missing_keypoints",
        ("404", "null", "empty"),
        "GET of key points or feedback never generated: 404, data null, or the object with a null inside.",
    ),
    Assumption(
        "deleted",
        ("404", "410", "200"),
        "GET of a deleted conversation's documents; 200: the old content, while the list lacks it.",
    ),
    Assumption(
        "patch_delete_paths",
        ("yes", "no"),
        "Whether PATCH and DELETE of /conversations/{id} exist; no: 404.",
    ),
    Assumption(
        "list_and_test_webhooks",
        ("yes", "no"),
        "Whether DELETE /webhooks/{id} and its /test exist (no: 404), and GET /webhooks (no: 405, as POST is there).",
    ),
    Assumption("webhook_created", ("201", "200"), "The status of a successful POST /webhooks."),
    Assumption("webhook_limit", ("403", "400"), "The status when the plan's webhooks are used up."),
    Assumption("feedback_under_10", ("400", "404"), "POST feedback for fewer than 10 segments."),
    Assumption(
        "generate_without_transcript",
        ("404", "400"),
        "A generation for a conversation whose transcript is not there yet.",
    ),
    Assumption("query_length", ("code_points", "utf16"), "What the 500 characters of a query are."),
    Assumption("unknown_parameters", ("400", "ignored"), "Parameters and body keys the contract does not name."),
    Assumption("profile_limit_null", ("null", "omitted"), "AI limit and remaining of an unlimited plan."),
    Assumption(
        "credit_counter",
        ("immediate", "lagging"),
        "Whether the profile's `used` shows a charge at once or five minutes later.",
    ),
    Assumption("rate_limited_counts", ("no", "yes"), "Whether an answer of 429 rate_limited counts as a request."),
    Assumption("rate_headers", ("yes", "no"), "Whether answers carry X-RateLimit-Limit, -Remaining and -Reset."),
    Assumption("date_header", ("yes", "no"), "Whether answers carry Date."),
    Assumption(
        "calendar_bound",
        ("end", "start"),
        "What makes an event upcoming and is compared with timeMin: its end, or its start.",
    ),
)
_BY_NAME: Final = {assumption.name: assumption for assumption in ASSUMPTIONS}


def assumptions_table() -> tuple[Assumption, ...]:
    """Every assumption, in the order of the contract."""
    return ASSUMPTIONS


def checked_assumption(name: str, value: str) -> tuple[str, str]:
    """The pair itself. ValueError naming what is allowed if name or value is unknown."""
    if name not in _BY_NAME:
        raise ValueError(f"unknown assumption {name!r}; one of: {', '.join(_BY_NAME)}")
    allowed = _BY_NAME[name].values
    if value not in allowed:
        raise ValueError(f"{name} cannot be {value!r}; one of: {', '.join(allowed)}")
    return name, value


def parse_assumption(text: str) -> tuple[str, str]:
    """`NAME=VALUE` as a person types it."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"expected NAME=VALUE, not {text!r}; names: {', '.join(_BY_NAME)}")
    return checked_assumption(name.strip(), value.strip())


def complete(chosen: Mapping[str, str]) -> dict[str, str]:
    """A value for every assumption: the chosen ones, checked, and the defaults."""
    values = {assumption.name: assumption.default for assumption in ASSUMPTIONS}
    values.update(checked_assumption(name, value) for name, value in chosen.items())
    return values
