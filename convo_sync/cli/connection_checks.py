"""`doctor`'s checks of the way to Convo: DNS, network, plan, clock. Must not know files, nor where a key comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from convo_sync import network
from convo_sync.cli.account import Glance, plan_in_words
from convo_sync.cli.finding import Finding, ok, problem, skipped
from convo_sync.client.address import Address
from convo_sync.errors import (
    ConfigurationError,
    ConvoSyncError,
    Forbidden,
    KeyRefused,
    Offline,
    Refusal,
    ServerTrouble,
)
from convo_sync.render.text import safe

CLOCK_TOLERANCE = timedelta(minutes=2)
_PORTS = {"https": 443, "http": 80}
_ONLINE = "Check that this machine is online (Wi-Fi, VPN), and try again."


@dataclass(frozen=True)
class Reach:
    """Whether a connection opens: the name, then the connection itself."""

    dns: Finding
    network: Finding


def reach(address: Address) -> Reach:
    """Look the server's name up and open a connection to it; or to the proxy, where the environment names one."""
    proxy = address.proxy()
    parts = urlsplit(proxy or address.url)
    host, what = parts.hostname or "", "the proxy " if proxy else ""
    try:
        port = parts.port or _PORTS.get(parts.scheme, 8080)
        dns = _dns(host, what)
    except ValueError:
        error = Offline("the proxy that the environment names has no proper address", symptom="proxy")
        return Reach(skipped("DNS", "no proper proxy"), problem("network", error, next_step="Correct HTTPS_PROXY."))
    except Offline as error:
        return Reach(problem("DNS", error, f"{error.detail}.", _ONLINE), skipped("network", f"{host} is not known"))
    return Reach(dns, _connection(host, port, what))


def _dns(host: str, what: str) -> Finding:
    if network.is_address(host):
        return ok("DNS", f"{what}{host} is an address: no name to look up")
    return ok("DNS", f"{what}{host} is {network.resolve(host)[0]}")


def _connection(host: str, port: int, what: str) -> Finding:
    try:
        network.connect(host, port)
    except Offline as error:
        step = "Check CONVO_SYNC_BASE_URL and base_url in config.toml." if network.is_address(host) else _ONLINE
        return problem("network", error, f"{error.detail}.", "Check the proxy's settings." if what else step)
    return ok("network", f"{what}{host} answers on port {port}")


def exchange(connection: Finding, seen: Glance | None, why: str) -> tuple[Finding, Finding, Finding]:
    """Network, plan and clock, after what the profile's answer showed."""
    if seen is None:
        return connection, skipped("plan", why), skipped("clock", why)
    foreign = _no_answer_of_the_api(seen.error)
    if foreign is not None:
        told = problem("network", foreign, next_step=_foreign_step(foreign))
        return told, skipped("plan", why), skipped("clock", why)
    return connection, _plan(seen), _clock(seen)


def _no_answer_of_the_api(error: ConvoSyncError | None) -> ConvoSyncError | None:
    """The error, where something else than the API answered, or nothing did."""
    if isinstance(error, ServerTrouble):
        return ServerTrouble(error.detail, symptom=error.symptom, message=f"A connection opens, but {error.detail}.")
    if isinstance(error, Refusal) and not isinstance(error, Forbidden):
        message = f"There is no profile at that address: {error.message}"
        return ServerTrouble(error.message, symptom="wrong_shape", message=message)
    return error if isinstance(error, ConfigurationError) else None


def _foreign_step(error: ConvoSyncError) -> str:
    symptom = error.symptom if isinstance(error, ServerTrouble) else ""
    if symptom == "tls":
        return "Check this machine's date, and whether a company's proxy needs its certificate in SSL_CERT_FILE."
    if symptom == "server_error":
        return "The trouble is the server's: try again in a while."
    if symptom in ("not_json", "redirected"):
        return "Open the address in a browser: a proxy, or a network's sign-in page, may be in between."
    if isinstance(error, ServerTrouble):
        return "Check CONVO_SYNC_BASE_URL and base_url in config.toml, then try again."
    return error.next_step


def _plan(seen: Glance) -> Finding:
    if isinstance(seen.error, Forbidden):
        return problem("plan", seen.error)
    if seen.account is None:
        told = "the key was refused" if isinstance(seen.error, KeyRefused) else _told(seen.error)
        return skipped("plan", told)
    return ok("plan", f"{plan_in_words(seen.account, seen.reading)}; {safe(seen.account.email)}")


def _told(error: ConvoSyncError | None) -> str:
    return f"{error.message} {error.next_step}" if error else "no answer"


def _clock(seen: Glance) -> Finding:
    server_time = seen.reading.server_time
    if server_time is None:
        return skipped("clock", "Convo's answers do not tell the time")
    apart = seen.read_at - server_time
    if abs(apart) <= CLOCK_TOLERANCE:
        return ok("clock", f"within {CLOCK_TOLERANCE.seconds // 60} minutes of Convo's")
    way = "ahead of" if apart > timedelta(0) else "behind"
    error = ConvoSyncError(
        f"This machine's clock is {_apart(abs(apart))} {way} Convo's.",
        "Set it, or let the system set it by itself (NTP).",
    )
    return problem("clock", error)


def _apart(distance: timedelta) -> str:
    minutes = round(distance.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 2880 else f"{minutes / 1440:.0f} days"
