"""An account whose meetings come, grow, end, change their names and vanish, and whose app generates by itself."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from convo_sync.simulator.meeting import Meeting
from tests.rig import add, feedback, keypoints, row, turns
from tests.till import Till
from tests.walk_choices import picks, syncs

# What the run has reached; the long run demands that nothing was left out.
REACHED: Counter[str] = Counter()


class Edited(RuleBasedStateMachine):
    """The edits alone; each may be followed by a run."""

    rig: Till
    count = version = 0

    @abstractmethod
    def follow(self, then: str) -> None:
        """What the archive does about it."""

    def pick(self, number: int) -> Meeting | None:
        alive = [each for each in self.rig.world.conversations.values() if not each.deleted]
        return alive[number % len(alive)] if alive else None

    @rule(hours=st.sampled_from([0.6, 1, 30, 900]), segments=st.sampled_from([0, 4, 12, 12, 30]), notes=st.booleans(),
          then=syncs)  # fmt: skip
    def meeting(self, hours: float, segments: int, notes: bool, then: str) -> None:
        if sum(not each.deleted for each in self.rig.world.conversations.values()) < 14:
            self.count += 1
            add(self.rig, self.count, timedelta(hours=hours), segments=segments, notes=notes)
            REACHED["meeting"] += 1
        self.follow(then)

    @rule(segments=st.sampled_from([0, 15]), then=syncs)
    def running_meeting(self, segments: int, then: str) -> None:
        if sum(not each.deleted for each in self.rig.world.conversations.values()) < 14:
            self.count += 1
            listed = row(self.count, self.rig.clock.now() - timedelta(minutes=3), minutes=None, segments=segments)
            self.rig.world.add(listed, {"id": listed["id"], "segments": turns(self.count, segments)})
            REACHED["running meeting"] += 1
        self.follow(then)

    @rule(which=picks, more=st.integers(1, 20), then=syncs)
    def grow(self, which: int, more: int, then: str) -> None:
        meeting = self.pick(which)
        if meeting is not None:
            number = int(meeting.id.removeprefix("sess_"))
            self.rig.world.grow(meeting.id, turns(number, more, first=len(meeting.segments)))
            REACHED["grow"] += 1
        self.follow(then)

    @rule(which=picks, then=syncs)
    def end(self, which: int, then: str) -> None:
        running = [each for each in self.rig.world.conversations.values() if each.running and not each.deleted]
        if running:
            self.rig.world.end(running[which % len(running)].id, self.rig.clock.now())
            REACHED["end"] += 1
        self.follow(then)

    @rule(which=picks, then=syncs)
    def rename(self, which: int, then: str) -> None:
        meeting = self.pick(which)
        if meeting is not None:
            self.version += 1
            self.rig.world.rename(meeting.id, f"Renamed {self.version}")
            REACHED["rename"] += 1
        self.follow(then)

    @rule(which=picks, then=syncs)
    def delete(self, which: int, then: str) -> None:
        meeting = self.pick(which)
        if meeting is not None:
            self.rig.world.delete(meeting.id)
            REACHED["delete"] += 1
        self.follow(then)

    @rule(which=picks, then=syncs)
    def restore(self, which: int, then: str) -> None:
        gone = [each for each in self.rig.world.conversations.values() if each.deleted]
        if gone:
            self.rig.world.restore(gone[which % len(gone)].id)
            REACHED["restore"] += 1
        self.follow(then)

    @rule(which=picks, kind=st.sampled_from(["keypoints", "feedback"]), then=syncs)
    def app(self, which: int, kind: str, then: str) -> None:
        """The app generates by itself, at no cost."""
        meeting = self.pick(which)
        if meeting is not None and len(meeting.segments) >= 10:
            self.version += 1
            make, put = {
                "keypoints": (keypoints, self.rig.world.set_keypoints),
                "feedback": (feedback, self.rig.world.set_feedback),
            }[kind]
            put(meeting.id, make(self.count, self.version))
            REACHED["app"] += 1
        self.follow(then)
