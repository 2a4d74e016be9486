"""Serve: a studio from its address to its end.

    listening = listen("127.0.0.1", 8765)
    settings = settled(Settings(), listening)
    print(address(settings))
    run(settings, listening, when_ready=lambda: browse(address(settings)))

The socket is open before the rest is loaded, so that the address is known, and whoever opens it
early waits for an answer instead of being refused.
"""

from __future__ import annotations

import dataclasses
import errno
import logging
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from nokturn.errors import UsageError
from nokturn.studio._hosts import bracketed, is_loopback, is_wildcard

if TYPE_CHECKING:
    from nokturn.studio.settings import Settings

TRIES = 50  # ports after the one that was asked for
BACKLOG = 256
CONNECTIONS = 2000  # of them 512 may be streams of events
FILES = 4096  # open at once, where the system lets us
SPARE = 200  # of them for workers, the library and what is sent
KEEP_ALIVE_S = 15
CLOSING_S = 3
_LINGERING = (errno.EADDRINUSE, errno.EACCES) if sys.platform == "win32" else (errno.EADDRINUSE,)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at a port, or at the next that is free.

    Raises
    ------
    UsageError
        The host is not of this machine, or the port may not be used.
    """
    family, place = _place(host)
    last = min(port + TRIES, 65535) if port else 0
    for wanted in range(port, last + 1):
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            _own(listening)
            listening.bind((place, wanted))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno not in _LINGERING:
                raise UsageError(
                    f"The studio cannot listen at {host}, port {wanted}: {error.strerror}.",
                    "Choose another with --host or --port; ports below 1024 need rights.",
                ) from error
        else:
            return listening
    raise UsageError(f"No port from {port} to {last} is free.", "Choose another with --port.")


def settled(settings: Settings, listening: socket.socket) -> Settings:
    """Return the settings with the port that was free, and a token where others reach it."""
    token = settings.token
    if not token and not is_loopback(settings.host):
        from nokturn.studio._entry import new_token

        token = new_token()
    return dataclasses.replace(settings, port=listening.getsockname()[1], token=token)


def address(settings: Settings) -> str:
    """Return what a browser opens, with the token if there is one."""
    query = f"?token={settings.token}" if settings.token else ""
    return f"{bare_address(settings)}{query}"


def bare_address(settings: Settings) -> str:
    """Return where the studio is, without its token.

    >>> from nokturn.studio.settings import Settings
    >>> bare_address(Settings(host="::1", port=8765))
    'http://[::1]:8765/'
    """
    host = _reached(settings.host) if is_wildcard(settings.host) else settings.host
    return f"http://{bracketed(host)}:{settings.port}/"


def run(settings: Settings, listening: socket.socket, when_ready: Callable[[], None]) -> None:
    """Be the studio until somebody stops it (Ctrl-C, SIGTERM).

    Parameters
    ----------
    settings
        As `settled` returned them.
    listening
        From `listen`; closed at the end.
    when_ready
        Called on a thread of its own when the studio answers.
    """
    from uvicorn import Config, Server

    from nokturn.studio._connection import Connection
    from nokturn.studio.app import create_app
    from nokturn.studio.safety import HEADER_BYTES

    class Announced(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            threading.Thread(target=when_ready, daemon=True).start()

    for name in ("uvicorn.error", "python_multipart"):  # what a client did wrong, it is told
        logging.getLogger(name).setLevel(logging.ERROR)
    config = Config(
        create_app(settings),
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # addresses may hold a token
        proxy_headers=False,  # nobody stands in front of us whose word on the client counts
        server_header=False,
        limit_concurrency=min(CONNECTIONS, _files() - SPARE),
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSING_S,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    Announced(config).run(sockets=[listening])


def browse(where: str) -> bool:
    """Open an address in the browser; False where there is no screen to show one."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not (screen or os.environ.get("BROWSER")):
        return False  # a browser of text would take over the terminal
    try:
        return webbrowser.open(where)
    except webbrowser.Error:
        return False


def _place(host: str) -> tuple[socket.AddressFamily, str]:
    """Return the family and the number of a host."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"There is no host named {host!r}.", "Choose 127.0.0.1, or 0.0.0.0 for all networks."
        ) from error
    family, *_, place = next((f for f in found if f[0] == socket.AF_INET), found[0])
    return family, str(place[0])


def _own(listening: socket.socket) -> None:
    """Keep the port from others, but not from the studio that is started next."""
    if sys.platform == "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _reached(wildcard: str) -> str:
    """Return an address by which other machines may reach this one; nothing is sent."""
    family = socket.AF_INET6 if ":" in wildcard else socket.AF_INET
    far = "2001:db8::1" if ":" in wildcard else "192.0.2.1"  # of documentation: nobody's
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect((far, 9))
        except OSError:  # no network
            return "::1" if ":" in wildcard else "127.0.0.1"
        return str(asked.getsockname()[0])


def _files() -> int:
    """Return how many files may be open, connections among them, after asking for enough."""
    try:
        import resource
    except ImportError:  # Windows counts them otherwise
        return FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FILES:
        return FILES
    most = FILES if hard == resource.RLIM_INFINITY else max(soft, min(FILES, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
