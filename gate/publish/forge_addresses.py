"""Where requests may go, and by which proxy and with which certificates: only as declared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from gate.errors import UserError

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def checked(url: str, what: str) -> SplitResult:
    """Return an address over HTTPS, or HTTP on this machine, without a slash at its end. Raises UserError."""
    try:
        parts = urlsplit(url.rstrip("/") if what != "file" else url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.username is not None or (what != "file" and (parts.query or parts.fragment)):
        raise UserError(f"The address of GitHub's {what} is not one; expected is one like https://api.github.com.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL):
        raise UserError(f"The address of GitHub's {what} does not begin with https://; the token goes nowhere else.")
    return parts


def proxy_for(target: SplitResult, network: Mapping[str, str]) -> dict[str, str]:
    """Return the declared proxy for an address, by the usual variables; none where NO_PROXY names its host."""
    host = target.hostname or ""
    excepted = (network.get("NO_PROXY") or network.get("no_proxy") or "").replace(" ", "").split(",")
    if any(name == "*" or (name and f".{host}".endswith(f".{name.lstrip('.')}")) for name in excepted):
        return {}
    name = f"{target.scheme}_proxy"
    proxy = network.get(name.upper()) or network.get(name)
    return {target.scheme: proxy} if proxy else {}


def certificates(network: Mapping[str, str]) -> str | bool:
    """Return the declared file or folder of certificates; True stands for those that the library brings along."""
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        if network.get(name):
            return str(Path(network[name]))
    return True
