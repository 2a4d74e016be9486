"""Named arrays and a JSON text in one safetensors file, distrusted when read.

    write_whole(path, dumps({"embedding": array}, {"note": "hello"}))
    arrays, meta, sha256 = read(path)

A file from elsewhere may be hostile: the header is checked by ourselves before anything is made of
it (its size, the names, kinds and shapes, that the parts lie end to end and nothing is left over),
no number may be NaN or infinite, and a SHA-256 over everything must agree. There is no code in such
a file and none is run.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import ModelError

Array = NDArray[Any]
MAX_HEADER = 1 << 20
MAX_TENSORS = 4096
KINDS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "U8": "u1"}
WRITTEN = {"float32": "F32", "float16": "F16", "int64": "I64", "uint8": "U8"}
NAME = re.compile(r"[A-Za-z0-9_.]{1,128}")


def dumps(arrays: Mapping[str, Array], meta: Mapping[str, Any], precision: str = "") -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    arrays
        float32, float16, int64 or uint8.
    meta
        What JSON can hold.
    precision
        How to store float32: "float16", "bfloat16", or "" = as it is.
    """
    parts = {name: _part(arrays[name], precision) for name in sorted(arrays)}
    text = json.dumps(meta, ensure_ascii=False)  # unsorted: the order of channels counts
    header: dict[str, Any] = {
        "__metadata__": {"nokturn": text, "sha256": _digest(parts, text)},
    }
    position = 0
    for name, (kind, shape, data) in parts.items():
        header[name] = {
            "dtype": kind,
            "shape": list(shape),
            "data_offsets": [position, position + len(data)],
        }
        position += len(data)
    head = json.dumps(header, ensure_ascii=False).encode()
    head += b" " * (-len(head) % 8)
    assert len(head) <= MAX_HEADER, "the metadata have grown beyond what we ourselves would read"
    return b"".join([len(head).to_bytes(8, "little"), head, *(part[2] for part in parts.values())])


def _part(array: Array, precision: str) -> tuple[str, tuple[int, ...], bytes]:
    kind = WRITTEN[array.dtype.name]
    if kind == "F32" and precision == "float16":
        limit = np.finfo(np.float16).max
        kind, array = "F16", array.clip(-limit, limit).astype(np.float16)
    elif kind == "F32" and precision == "bfloat16":
        bits = np.ascontiguousarray(array).view(np.uint32).astype(np.uint64)
        kind, array = "BF16", ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return kind, array.shape, np.ascontiguousarray(array).tobytes()


def _digest(parts: Mapping[str, tuple[str, tuple[int, ...], Any]], text: str) -> str:
    """Return the SHA-256 over names, kinds, shapes, contents and the metadata."""
    total = hashlib.sha256(text.encode())
    for name in sorted(parts):
        kind, shape, data = parts[name]
        total.update(f"\n{name} {kind} {list(shape)}\n".encode())
        total.update(data)
    return total.hexdigest()


def loads(data: bytes, source: str = "<data>") -> tuple[dict[str, Array], dict[str, Any], str]:
    """Return arrays, metadata and the SHA-256 of a file's bytes.

    float16 and bfloat16 come back as float32.

    Raises
    ------
    ModelError
        What is wrong with the file; nothing else escapes.
    """
    parts, meta, text, digest = _parts(data, source)
    if _digest(parts, text) != digest:
        raise _damaged(source, "its SHA-256 does not agree with its contents")
    arrays = {name: _array(*part) for name, part in parts.items()}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise _damaged(source, f"{name} holds numbers that are not finite")
    return arrays, meta, digest


def _damaged(source: str, reason: str) -> ModelError:
    return ModelError(f"{source} is damaged or no file of ours: {reason}.", "Use another copy.")


def _parts(
    data: bytes, source: str
) -> tuple[dict[str, tuple[str, tuple[int, ...], memoryview]], dict[str, Any], str, str]:
    """Take a file apart; every claim of its header is checked before it is believed."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 10 or not 2 <= size <= min(MAX_HEADER, len(data) - 8):
        raise _damaged(source, "its header has an impossible length")
    try:
        header = json.loads(data[8 : 8 + size])
        labels = header.pop("__metadata__")
        text, digest = labels["nokturn"], labels["sha256"]
        meta = json.loads(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(source, "its header cannot be read") from error
    if set(labels) != {"nokturn", "sha256"} or not isinstance(meta, dict):
        raise _damaged(source, "its header holds unknown entries")
    body = memoryview(data)[8 + size :]
    if len(header) > MAX_TENSORS:
        raise _damaged(source, f"it claims {len(header)} tensors")
    spans = {name: _span(name, entry, len(body), source) for name, entry in header.items()}
    position = 0
    for _, _, start, stop in sorted(spans.values(), key=lambda span: span[2:]):
        if start != position:
            raise _damaged(source, "its tensors overlap or leave gaps")
        position = stop
    if position != len(body):
        raise _damaged(source, "bytes are missing or left over at its end")
    parts = {n: (kind, shape, body[a:b]) for n, (kind, shape, a, b) in spans.items()}
    return parts, meta, text, str(digest)


def _span(name: str, entry: Any, size: int, source: str) -> tuple[str, tuple[int, ...], int, int]:
    """Check one tensor's entry: name, kind, shape, and that its bytes are there."""
    if not NAME.fullmatch(name) or ".." in name:
        raise _damaged(source, f"a tensor has the name {name[:40]!r}")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _damaged(source, f"the entry of {name} is not as it should be")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    numbers = [shape, offsets] if isinstance(shape, list) and isinstance(offsets, list) else [[-1]]
    if any(type(n) is not int or not 0 <= n <= 1 << 40 for part in numbers for n in part):
        raise _damaged(source, f"the shape or place of {name} is impossible")
    if not isinstance(kind, str) or kind not in KINDS or len(shape) > 4 or len(offsets) != 2:
        raise _damaged(source, f"{name} has the kind {str(kind)[:20]!r} or an odd shape")
    start, stop = offsets
    if stop > size or stop - start != math.prod(shape) * np.dtype(KINDS[kind]).itemsize:
        raise _damaged(source, f"the shape of {name} does not fit its bytes")
    return kind, tuple(shape), start, stop


def _array(kind: str, shape: tuple[int, ...], data: memoryview) -> Array:
    raw = np.frombuffer(data, dtype=KINDS[kind]).reshape(shape)
    if kind == "BF16":
        return (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float32) if kind == "F16" else raw.copy()


def read(path: str | Path) -> tuple[dict[str, Array], dict[str, Any], str]:
    """Read a file; see `loads`. Raises `ModelError` where it cannot be read."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}.", "Check the name.") from error
    return loads(data, str(path))
