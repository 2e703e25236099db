"""``convo-sync sync``: wires configuration, key, lock, archive and engine for one run, and shows how it goes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from convo_sync.archive.inbox import Inbox
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.cli.background import remember, require
from convo_sync.cli.keeping import another
from convo_sync.cli.outcome import AGAIN, run_as_json, run_in_words, unrecorded
from convo_sync.cli.output import look, without_reader, write_json, write_lines
from convo_sync.cli.progress import Show, progress
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped, stoppable, undisturbed
from convo_sync.client import Client
from convo_sync.config import load
from convo_sync.credentials import digest, find_key
from convo_sync.credits.balance import balance
from convo_sync.credits.decision import decide
from convo_sync.credits.rules import Settings
from convo_sync.errors import ArchiveError, ArchiveLocked, ConvoSyncError, KeyRefused
from convo_sync.lock import WriterLock
from convo_sync.plan.exclusion import Exclusion
from convo_sync.records import Outcome, Run
from convo_sync.render import forecast
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter
from convo_sync.times import local

WAIT_SECONDS = 5.0
_PARKED = 75


@click.command("sync", epilog="Example: convo-sync sync --full")
@click.option("--full", is_flag=True, help="List everything, even if it was done today.")
@click.option("--audit", is_flag=True, help="Also read again the ten documents that were checked longest ago.")
@click.option("--accept-deletions", is_flag=True, help="Believe a list that suddenly lacks many meetings.")
@click.option("--dry-run", is_flag=True, help="Show what the next run would ask for and spend, and do nothing.")
@click.option("--background", is_flag=True, hidden=True, help="As the daemon runs it.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as one JSON document.")
@click.pass_obj
def command(
    setup: Setup, full: bool, audit: bool, accept_deletions: bool, dry_run: bool, background: bool, as_json: bool
) -> None:
    """Bring the archive up to date.

    Asks Convo for the list of meetings, then for every document that is new, changed or due. What is archived is kept:
    stop it when you like, and the next run goes on. AI credits are spent only where a rule of config.toml says so;
    --dry-run says on what, and why not on the rest.
    """
    if dry_run:
        _show_plan(setup, audit=audit, as_json=as_json)
        return
    options = Options(full=full or accept_deletions, audit=audit, accept_deletions=accept_deletions)
    if background:  # no one typed it: it keeps pauses, and makes no archive in the place of one that is gone
        options = replace(options, command="daemon", retry_failed=False)
    try:
        show = Show.MARKED if background else Show.choose(quiet=setup.quiet or as_json)
        run, error = _run(setup, options, show=show)
    except KeyboardInterrupt:
        raise Stopped("Stopped. Everything archived so far is kept.", AGAIN) from None
    _conclude(run, error, as_json=as_json, quiet=setup.quiet)


def _run(setup: Setup, options: Options, *, show: Show) -> tuple[Run, ConvoSyncError | None]:
    try:
        config = load(setup.config)
        key = find_key(config)
        rules, excluded = _settings(setup), _exclusion(setup)
        if not options.retry_failed:
            require(setup.archive, key.value)
        run, error = run_sync(
            setup,
            config.base_url,
            key.value,
            options,
            show=show,
            credits=rules,
            exclusion=excluded,
            calendar=config.calendar,
        )
        remember(setup.archive, key.value, error)
    except ConvoSyncError as before_it_began:
        return unrecorded(before_it_began), before_it_began
    if isinstance(error, KeyRefused) and error.next_step.startswith("Create a key"):
        error.next_step = another(key)
    return run, error


def _conclude(run: Run, error: ConvoSyncError | None, *, as_json: bool, quiet: bool) -> None:
    # Where the archive itself failed, or was taken away, what was done is not known.
    uncounted = isinstance(error, ArchiveError | ArchiveLocked)
    with without_reader():
        if as_json:
            write_json(run_as_json(run))
        elif not (quiet or uncounted):
            write_lines(run_in_words(run, error, _now()))
    if error is not None and (uncounted or run.outcome is Outcome.FAILED):
        raise error
    if run.outcome is Outcome.PARKED:
        raise click.exceptions.Exit(_PARKED)


def _settings(setup: Setup) -> Callable[[], Settings]:
    # Read anew before each generation: a cap that is lowered during a run of hours holds at once.
    return lambda: load(setup.config).credits


def _exclusion(setup: Setup) -> Callable[[], Exclusion]:
    return lambda: Exclusion(load(setup.config).exclude, local)


def run_sync(
    setup: Setup,
    base_url: str,
    key: str,
    options: Options,
    *,
    show: Show,
    credits: Callable[[], Settings] = Settings,
    exclusion: Callable[[], Exclusion] = Exclusion,
    calendar: bool = False,
) -> tuple[Run, ConvoSyncError | None]:
    """One run over the archive that `setup` names; the record, and what ended it early.

    Args:
        credits: tells what may be spent and on what; by default nothing.
        exclusion: tells what is never asked for; by default nothing.
        calendar: whether to read the calendar too.

    Raises:
        ConvoSyncError: it could not begin.
    """
    with (
        WriterLock(setup.archive, f"convo-sync {options.command}").acquire(WAIT_SECONDS) as lock,
        Archive(setup.archive, _now(), create=options.retry_failed) as archive,
        closing(Inbox(setup.archive)) as inbox,
        progress(show) as tell,
        stoppable(),
    ):
        meter = Meter(archive.budget(), _now, archive.save_budget)
        with Client(base_url, key, meter=meter) as client:
            sync = Sync(
                client,
                archive,
                meter,
                _now,
                options,
                tell=tell,
                pause=lock.yield_to_waiting,
                paid=client,
                credits=credits,
                exclusion=exclusion,
                inbox=inbox,
                undisturbed=undisturbed,
                agenda=client if calendar else None,
                diary=archive.diary,
            )
            try:
                return sync.run(Identity(base_url, digest(key, archive.archive_id())))
            except ConvoSyncError as error:
                return unrecorded(error, meter.requests), error


def _now() -> datetime:
    return datetime.now(UTC)


def _show_plan(setup: Setup, *, audit: bool, as_json: bool) -> None:
    """What is owed, read without the lock, a key or a network."""
    config = load(setup.config)
    settings, exclusion = config.credits, Exclusion(config.exclude, local)
    with Reader(setup.archive) as reader:
        sight = reader.credits()
        now = _now() + timedelta(seconds=sight.server_ahead_seconds())
        steps = reader.next_steps(_now(), audit=audit, exclusion=exclusion)
        books, subjects = sight.books(), sight.subjects({rule.generate for rule in settings.rules})
        private = reader.excluded(exclusion)
    subjects = [each for each in subjects if each.conversation.id not in private]
    decision = decide(settings, books, subjects, now, presume_missing=True)
    if as_json:
        write_json(forecast.as_json(steps, decision, settings, books, balance(books, now)))
    else:
        write_lines(forecast.lines(steps, decision, settings, books, balance(books, now), look()))
