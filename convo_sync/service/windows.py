"""A task of Windows' Task Scheduler, in its XML: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema

Its program prints in the language of the system, so whether the daemon runs is not read from there.
"""

from __future__ import annotations

import os
import subprocess
from xml.sax.saxutils import escape

from convo_sync.service.steps import LABEL, Remove, Run, Seen, Step, Work, Write

# A task that ended is begun again only by its trigger, which repeats; one that runs is left alone (IgnoreNew).
_TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Keeps the archive of your Convo meetings up to date. By: convo-sync service install</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition>
        <Interval>PT5M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <Enabled>true</Enabled>
      <UserId>{user}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{user}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{command}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


class Windows:
    """The service as a task that begins when its user logs in."""

    name = "windows"
    tool = "schtasks"
    keeps_log = False

    def __init__(self, work: Work) -> None:
        self._work = work

    def file(self) -> Write:
        """The task, kept so that a later version sees what is installed. UTF-16 is what schtasks reads for certain."""
        command, *arguments = self._work.command(with_log=True)
        text = _TASK.format(
            user=escape(self._work.user),
            command=escape(command),
            arguments=escape(subprocess.list2cmdline(arguments)),
            folder=escape(self._work.folder),
        )
        return Write(os.path.join(self._work.tasks, f"{LABEL}-task.xml"), text, "utf-16")

    def begin(self, *, is_new: bool) -> tuple[Step, ...]:
        """Have the Task Scheduler read the file, in the place of an earlier task, and begin the task."""
        end = () if is_new else (Run(("schtasks", "/End", "/TN", LABEL), may_fail=True),)
        create = Run(("schtasks", "/Create", "/TN", LABEL, "/XML", self.file().path, "/F"))
        return *end, create, Run(("schtasks", "/Run", "/TN", LABEL))

    def end(self) -> tuple[Step, ...]:
        """Stop and forget it."""
        return (
            Run(("schtasks", "/End", "/TN", LABEL), may_fail=True),
            Run(("schtasks", "/Delete", "/TN", LABEL, "/F"), may_fail=True),
            Remove(self.file().path),
        )

    def question(self) -> tuple[str, ...]:
        """Whether there is such a task: the exit code is the same in every language."""
        return "schtasks", "/Query", "/TN", LABEL

    def read(self, code: int, out: str, err: str) -> Seen | None:
        """The exit code alone."""
        return Seen(code == 0, None, "" if code == 0 else "no such task")

    def read_log(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        """The Task Scheduler keeps no log."""
        raise NotImplementedError
