"""Uploads: files that come in a form, and files that go out.

    async with received(request, settings.cache) as form:
        for file in form.files:
            await desk.ask("read", path=str(file.path), name=file.name)

Each file is written into a private folder while it comes, under a number and an ending, and the
folder is gone with the block. Nothing is held in memory but what has just come, and no name that
somebody sent ever becomes a path: it is text to be shown. What is in a file is the workers' matter,
which also count what a packed one unpacks to.

Weak: the limit of a whole request is the guard's (`safety`), which counts it before it comes here.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from nokturn.errors import InputError, LimitError, ResourceError, UsageError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_BYTES = 10 << 20
FILES = 1000
FIELDS, FIELD_BYTES = 16, 64 << 10
NAME_CHARACTERS = 120
PREFIX = "upload-"
ENDING = re.compile(r"\.[a-z0-9]{1,11}")
TYPES = {
    ".abc": "text/vnd.abc; charset=utf-8",
    ".flac": "audio/flac",
    ".json": "application/json",
    ".mid": "audio/midi",
    ".mp3": "audio/mpeg",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
    ".mxl": "application/vnd.recordare.musicxml",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".wav": "audio/wav",
    ".zip": "application/zip",
}
DOCUMENTED: dict[str, Any] = {  # for ``openapi_extra`` of a route
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                    "required": ["file"],
                }
            }
        },
    }
}


@dataclass(frozen=True)
class File:
    """A file that came.

    Attributes
    ----------
    name
        What to call it: text, never a path.
    path
        Where it lies for as long as the form is open.
    bytes
        Its size.
    """

    name: str
    path: Path
    bytes: int


@dataclass
class Form:
    """What a form held: files, and short texts by the names of their fields."""

    files: list[File] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def received(
    request: Request, cache: Path, *, limit: int = FILE_BYTES
) -> AsyncIterator[Form]:
    """Take in the form of a request; its files are gone when the block ends.

    Parameters
    ----------
    request
        With a body of multipart/form-data.
    cache
        A folder of the studio, in which a private one is made for the files.
    limit
        Bytes that one file may have.

    Raises
    ------
    UsageError
        It is no form, or holds no file.
    InputError
        It is damaged, or ends in the middle.
    LimitError
        A file is too large, or there are too many.
    ResourceError
        The disk is full.
    """
    boundary = _boundary(request)
    folder = _private(cache)
    try:
        yield await _Reader(boundary, folder, limit).read(request)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def sweep(cache: Path) -> None:
    """Remove what a studio that was ended in the middle has left."""
    for folder in cache.glob(f"{PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)


def attachment(name: str) -> dict[str, str]:
    """Return the headers of an answer that is to be saved under a name, never shown.

    >>> attachment("tune.mid")["Content-Type"]
    'audio/midi'
    >>> print(attachment("Żurek.abc")["Content-Disposition"])
    attachment; filename="_urek.abc"; filename*=UTF-8''%C5%BBurek.abc
    """
    shown = display_name(name).replace("/", "_") or "nokturn"
    plain = re.sub(r'[^ -~]|["%;]', "_", shown)
    full = quote(shown, safe="")
    kind = TYPES.get(PurePosixPath(shown).suffix.lower(), "application/octet-stream")
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}",
        "Content-Type": kind,
    }


def display_name(name: str) -> str:
    """Return a name that somebody sent as text to be shown: 120 characters, no controls.

    >>> display_name("C:\\\\tunes\\\\..\\\\jig\\x1b[2J.abc")
    'tunes/jig[2J.abc'
    """
    kept = "".join(c for c in name if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029")
    parts = kept.replace("\\", "/").split("/")
    parts = [p.strip() for p in parts if p.strip() not in ("", ".", "..")]
    if parts and re.fullmatch("[A-Za-z]:", parts[0]):
        del parts[0]
    return "/".join(parts)[-NAME_CHARACTERS:].lstrip("/")


def _boundary(request: Request) -> bytes:
    """Return what stands between the parts of a form."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"multipart/form-data" and options.get(b"boundary"):
        return options[b"boundary"]
    raise UsageError("Files come in a form.", "Send multipart/form-data with a field named file.")


def _private(cache: Path) -> Path:
    """Return a new folder that only this user can look into."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=cache, prefix=PREFIX))
    except OSError as error:
        raise _full(cache, error) from error


def _full(place: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"Cannot write to {place}: {error.strerror}.", "Make room, then try again."
    )


@dataclass
class _Part:
    """One part of a form; ``path`` where it is a file."""

    key: str
    name: str
    path: Path | None
    size: int = 0
    text: bytearray = field(default_factory=bytearray)


class _Reader:
    """Takes a form apart as it comes."""

    def __init__(self, boundary: bytes, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._form = Form()
        self._name, self._value = bytearray(), bytearray()  # of the header that comes now
        self._disposition = b""
        self._part = _Part("", "", None)
        self._to_write: dict[Path, bytearray] = {}
        self._fields = 0
        self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise _damaged() from error

    async def read(self, request: Request) -> Form:
        """Return the form of a request."""
        try:
            async for chunk in request.stream():
                self._parser.write(chunk)
                if self._to_write:
                    await asyncio.to_thread(self._write)
        except (FormParserError, ClientDisconnect) as error:
            raise _damaged() from error
        if not self._ended:
            raise _damaged()
        if not self._form.files:
            raise UsageError("No file came.", "Send at least one, in a field named file.")
        return self._form

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._keep_header,
            "on_headers_finished": self._open,
            "on_part_data": self._fill,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _keep_header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def _open(self) -> None:
        """Begin a part whose headers are known."""
        _, options = parse_options_header(self._disposition)
        key = options.get(b"name", b"").decode(errors="replace")[:NAME_CHARACTERS]
        if b"filename" not in options:
            self._fields += 1
            if self._fields > FIELDS:
                raise LimitError(f"The form has more than {FIELDS} fields.", "Leave some out.")
            self._part = _Part(key, "", None)
            return
        number = len(self._form.files) + 1
        if number > FILES:
            raise LimitError(f"These are more than {FILES} files.", "Send them in several goes.")
        name = display_name(options[b"filename"].decode(errors="replace")) or f"file {number}"
        path = self._folder / f"{number:04}{_ending(name)}"
        self._part = _Part(key, name, path)
        self._to_write[path] = bytearray()

    def _fill(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.size > (self._limit if part.path else FIELD_BYTES):
            what = part.name or f"The field {part.key}"
            limit = f"{self._limit >> 20} MB" if part.path else f"{FIELD_BYTES >> 10} KB"
            raise LimitError(f"{what} is larger than {limit}.", "Leave it out, or make it smaller.")
        if part.path:
            self._to_write.setdefault(part.path, bytearray()).extend(data[start:end])
        else:
            part.text.extend(data[start:end])

    def _close(self) -> None:
        """End a part."""
        part = self._part
        if part.path:
            self._form.files.append(File(part.name, part.path, part.size))
        else:
            self._form.texts[part.key] = part.text.decode(errors="replace")

    def _end(self) -> None:
        self._ended = True

    def _write(self) -> None:
        """Write what has come, on a thread."""
        try:
            for path, data in self._to_write.items():
                with path.open("ab") as file:
                    file.write(data)
        except OSError as error:
            raise _full(self._folder, error) from error
        self._to_write = {}


def _ending(name: str) -> str:
    """Return the ending of a name if it is a plain one, by which readers tell kinds of files."""
    found = PurePosixPath(name).suffix.lower()
    return found if ENDING.fullmatch(found) else ""


def _damaged() -> InputError:
    return InputError("The files did not come whole.", "Send them again.")
