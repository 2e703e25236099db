"""Whose account a profile is, and what it says of credits. Nothing of another account is ever written down."""

from __future__ import annotations

from convo_sync.errors import ConfigurationError
from convo_sync.records import Account, Binding
from convo_sync.sync.session import Identity, Session


def require_same_server(bound: Binding | None, base_url: str) -> None:
    """Refuse another server than the one that filled this archive.

    Raises:
        ConfigurationError: the base URL is another.
    """
    if bound and bound.base_url != base_url:
        raise ConfigurationError(
            f"This archive was filled from {bound.base_url}, not from {base_url}.",
            "Use another archive (--archive PATH) for another server.",
        )


def require_same(bound: Binding | None, account: Account) -> None:
    """Refuse the profile of an account that is not this archive's.

    Raises:
        ConfigurationError: the key is of another account.
    """
    if bound and bound.email.casefold() != account.email.casefold():
        raise ConfigurationError(
            f"This archive belongs to {bound.email}; the key belongs to {account.email}.",
            "Use the other account's key, or another archive (--archive PATH).",
        )


def check_account(session: Session, identity: Identity) -> None:
    """One archive, one account: the profile is read when the key is not the one that was checked before.

    Raises:
        ConfigurationError: the server or the account is another.
        ConvoSyncError: no usable answer came.
    """
    bound = session.store.binding()
    require_same_server(bound, identity.base_url)
    if bound is None or bound.key_digest != identity.key_digest:
        read_account(session, identity)


def read_account(session: Session, identity: Identity) -> None:
    """Read the profile, and record it, if it is the archive's own. Raises as `check_account` does."""
    account = session.remote.get_profile()
    require_same(session.store.binding(), account)
    session.store.bind(account, identity.base_url, identity.key_digest, session.clock(), session.meter.ahead())


def read_counter(session: Session) -> None:
    """Read the profile, and write down what it says of credits.

    Raises:
        ConfigurationError: the key is of another account.
        ConvoSyncError: no usable answer came.
    """
    account = session.remote.get_profile()
    require_same(session.store.binding(), account)
    session.store.accounting.read_counter(account, session.now(), session.meter.ahead())
