"""The entry: a token, shown once, for a cookie that lets a browser in.

    http://192.168.1.5:8765/?token=q3X...   ->  303 to / with the cookie; the address is clean again

A program sends ``Authorization: Bearer TOKEN`` with each request instead. The cookie holds another
secret than the token, which is made anew at each start, so that neither leads to the other; its
name holds the port, since browsers share cookies among all ports of a machine. Without a token the
door is open, which only a studio that nobody else can reach may have.
"""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

from nokturn.studio.problems import document
from nokturn.studio.sentences import translated

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a token of 256 bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True)
class Answer:
    """An answer that is given before any route is asked.

    Attributes
    ----------
    status
        Of HTTP.
    code, what, why, fix
        As in `problems`.
    headers
        What else stands above it.
    link
        Words of a link to the first page, on the page that a person sees.
    """

    status: int
    code: str = ""
    what: str = ""
    why: str = ""
    fix: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    link: str = ""

    def body(self, *, page: bool, language: str = "en") -> tuple[bytes, str]:
        """Return the bytes and their type: a small page in a language, or JSON."""
        if page:
            return self._page(language).encode(), "text/html; charset=utf-8"
        texts = document(self.code, self.status, self.what, self.why, self.fix)
        del texts["status"]
        return json.dumps({"error": texts}).encode(), "application/json"

    def _page(self, language: str) -> str:
        english = (self.what, self.why, self.fix, self.link)
        what, why, fix, link = (html.escape(translated(text, language)) for text in english)
        shown = language if what != html.escape(self.what) else "en"
        texts = "".join(f"<p>{text}</p>" for text in (why, fix) if text)
        link = f'<p><a href="/">{link}</a></p>' if link else ""
        return (
            f'<!doctype html><html lang="{shown}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            '<meta name="color-scheme" content="light dark"><title>Nokturn</title>'
            f"<main><h1>{what}</h1>{texts}{link}</main></html>"
        )


class Entry:
    """The door of a studio.

    Parameters
    ----------
    token
        What opens it; empty = it is open.
    port
        Where the studio listens.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token
        self._pass = new_token()
        self._cookie = f"nokturn-{port}"

    def answer(self, scope: Scope, headers: Headers) -> Answer | None:
        """Return the answer to who may not come in, or comes in now; None = go on."""
        if not self._token:
            return None
        reads = scope.get("method") in ("GET", "HEAD")
        given = [value for key, value in _query(scope) if key == "token"] if reads else []
        if self._is_known(headers):
            return _clean(scope, {}) if given else None
        if any(self._is_token(value) for value in given):
            return _clean(scope, {"Set-Cookie": self._set_cookie()})
        return Answer(
            401, "refused", "This studio asks who you are.",
            "It can be reached from other machines.",
            "Open the whole address that `nokturn studio` printed, with the token at its end.",
            {"WWW-Authenticate": "Bearer"}, link="I have just done so",
        )  # fmt: skip

    def _is_known(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(given.strip()):
            return True
        return any(
            name == self._cookie and secrets.compare_digest(value.encode(), self._pass.encode())
            for line in headers.getlist("cookie")
            for name, value in _cookies(line)
        )

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self._token.encode())

    def _set_cookie(self) -> str:
        return f"{self._cookie}={self._pass}; Path=/; HttpOnly; SameSite=Strict"


def _clean(scope: Scope, headers: dict[str, str]) -> Answer:
    """Send the browser to the same address without the token."""
    rest = urlencode([(key, value) for key, value in _query(scope) if key != "token"])
    place = quote(scope["path"]) + (f"?{rest}" if rest else "")
    return Answer(303, headers={"Location": place, **headers})


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _cookies(line: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a Cookie header; other programs here may have set odd ones."""
    for part in line.split(";"):
        name, _, value = part.strip().partition("=")
        yield name, value
