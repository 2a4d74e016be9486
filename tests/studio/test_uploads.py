"""Files that come in forms: whole, damaged, too large, too many; and names that go out."""

import asyncio
import os
import stat
import tracemalloc

import pytest
from starlette.requests import Request
from wire import ask_async

from nokturn.errors import InputError, LimitError, ResourceError, UsageError
from nokturn.studio import _uploads
from nokturn.studio._uploads import attachment, display_name, received, sweep

EDGE = "----edge7MA4YWxk"


def part(content=b"X:1\n", name="jig.abc", *, field="file", headers=()):
    """Return one part of a form."""
    file = f'; filename="{name}"' if name is not None else ""
    lines = [f'Content-Disposition: form-data; name="{field}"{file}', *headers]
    head = "\r\n".join([f"--{EDGE}", *lines, "", ""])
    return head.encode() + content + b"\r\n"


END = f"--{EDGE}--\r\n".encode()
FORM = f"multipart/form-data; boundary={EDGE}"


async def take(folder, body, kind=FORM, step=1000, limit=_uploads.FILE_BYTES):
    """Return what a form holds: files as (name, ending, content), and texts."""
    chunks = [body[i : i + step] for i in range(0, len(body), step)]
    found = []

    async def app(scope, receive, send):
        async with received(Request(scope, receive), folder, limit=limit) as form:
            modes = {stat.S_IMODE(os.stat(file.path.parent).st_mode) for file in form.files}
            assert modes <= {0o700}
            found.append([(f.name, f.path.suffix, f.path.read_bytes()) for f in form.files])
            assert [f.bytes for f in form.files] == [len(content) for *_, content in found[0]]
            found.append(form.texts)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    await ask_async(app, "POST", "/", {"Content-Type": kind}, chunks)
    return found


def taken(folder, body, *more, **settings):
    try:
        return asyncio.run(take(folder, body, *more, **settings))
    finally:
        assert not list(folder.glob("upload-*")), "private folders are gone with the request"


@pytest.mark.parametrize("step", [1, 7, 64, 1000, 1 << 16])
def test_files_come_whole_however_they_are_cut(tmp_path, step):
    content = bytes(range(256)) * 3 + f"\r\n--{EDGE[:-1]}\r\n".encode() * 2
    body = part(content) + part(b"", "empty.mid") + part(b"4", None, field="bars") + END
    files, texts = taken(tmp_path, body, step=step)
    assert files == [("jig.abc", ".abc", content), ("empty.mid", ".mid", b"")]
    assert texts == {"bars": "4"}


def test_a_file_may_have_10_mb(tmp_path):
    content = bytes(10 << 20)
    files, _ = taken(tmp_path, part(content) + END, step=1 << 16)
    assert files == [("jig.abc", ".abc", content)]


NAMES = {
    "jig.abc": ("jig.abc", ".abc"),
    "Żurek und Ähre.MID": ("Żurek und Ähre.MID", ".mid"),
    "sub/folder/jig.abc": ("sub/folder/jig.abc", ".abc"),
    "../../etc/passwd": ("etc/passwd", ""),
    "/etc/passwd": ("etc/passwd", ""),
    "a\x1b[31mred\x07.abc": ("a[31mred.abc", ".abc"),
    "abc\u202ecba.exe": ("abccba.exe", ".exe"),
    "": ("file 1", ""),
    "..": ("file 1", ""),
    "x" * 300 + ".abc": ("x" * 116 + ".abc", ".abc"),
    "tune.a b": ("tune.a b", ""),
    "tune.verylongending": ("tune.verylongending", ""),
    "<img src=x onerror=alert(1)>.abc": ("<img src=x onerror=alert(1)>.abc", ".abc"),
}


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_are_text_and_never_paths(tmp_path, name):
    files, _ = taken(tmp_path, part(name=name) + END)
    assert [(shown, ending) for shown, ending, _ in files] == [NAMES[name]]


def test_a_windows_path_becomes_a_name():
    assert display_name("C:\\tunes\\..\\jig.abc") == "tunes/jig.abc"


DAMAGED = {
    "nothing": b"",
    "only the end": END,
    "no end": part(),
    "cut in the content": part()[:-20],
    "cut in a header": part()[:40],
    "cut in the last line": part() + END[:-6],
    "another boundary": part().replace(b"edge", b"ledge") + END,
    "no boundary at all": b"X:1\nT:a tune\nK:C\n",
    "a line without a colon": part(headers=["nonsense"]) + END,
    "a header without a name": part(headers=[": x"]) + END,
    "a header with a control": part(headers=["a\x00b: x"]) + END,
    "a bare line feed": part().replace(b"\r\n", b"\n") + END,
    "a header of 5 KB": part(headers=["x: " + "y" * 5000]) + END,
    "20 headers": part(headers=[f"x{i}: y" for i in range(20)]) + END,
    "no headers": f"--{EDGE}\r\n\r\nX:1\r\n".encode() + END,
    "zeros": bytes(5000),
    "only a dash": b"-",
    "compressed": b"\x1f\x8b\x08\x00" + os.urandom(200),
    "a field and no file": part(b"1", None, field="bars") + END,
    "JSON": b'{"abc": "X:1"}',
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_damaged_forms_are_refused_in_words(tmp_path, body):
    with pytest.raises((InputError, UsageError), match=r"did not come whole|No file came"):
        taken(tmp_path, body)


KINDS = [
    "", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/mixed; boundary=x", "application/x-www-form-urlencoded", "multipart/form-data;;;",
    "boundary=x", "multipart/form-data; boundary*=utf-8''",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_form_of_files_is_refused(tmp_path, kind):
    with pytest.raises(UsageError, match=r"come in a form"):
        taken(tmp_path, part() + END, kind)


def test_a_boundary_has_an_end(tmp_path):
    with pytest.raises(InputError, match="did not come whole"):
        taken(tmp_path, part() + END, f"multipart/form-data; boundary={'x' * 5000}")


LARGE = {
    "a file": (part(bytes((10 << 20) + 1), "song.mid") + END, "song.mid is larger than 10 MB"),
    "a field": (part(bytes(70_000), None, field="note") + END, "field note is larger than 64 KB"),
    "1001 files": (part(b"") * 1001 + END, "more than 1000 files"),
    "10,000 parts": (part(b"") * 10_000 + END, "more than 1000 files"),
    "fields": (b"".join(part(b"", None, field=f"f{i}") for i in range(17)) + END, "than 16 fields"),
}


@pytest.mark.parametrize(("body", "words"), LARGE.values(), ids=LARGE)
def test_too_much_is_refused_in_words(tmp_path, body, words):
    with pytest.raises(LimitError, match=words):
        taken(tmp_path, body, step=1 << 16)


def test_the_same_field_again_and_again_is_counted(tmp_path):
    with pytest.raises(LimitError, match="more than 16 fields"):
        taken(tmp_path, part(b"", None) * 100 + END)


def test_nothing_large_is_held_in_memory(tmp_path):
    async def app(scope, receive, send):
        async with received(Request(scope, receive), tmp_path):
            await send({"type": "http.response.start", "status": 200, "headers": []})

    head, tail = part(b"").split(b"\r\n\r\n")[0] + b"\r\n\r\n", b"\r\n"
    chunks = ([head] + [bytes(1 << 16)] * 100 + [tail]) * 8 + [END]  # 52 MB in 8 files
    tracemalloc.start()
    asyncio.run(ask_async(app, "POST", "/", {"Content-Type": FORM}, chunks))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_client_that_goes_away_leaves_nothing(tmp_path):
    async def gone():
        return {"type": "http.disconnect"}

    async def app(scope, receive, send):
        async with received(Request(scope, receive), tmp_path):
            raise AssertionError("nothing came")

    with pytest.raises(InputError, match="did not come whole"):
        asyncio.run(ask_async(app, "POST", "/", {"Content-Type": FORM}, receive=gone))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_uploads.Path, "open", full)
    with pytest.raises(ResourceError, match="No space left"):
        taken(tmp_path, part() + END)


def test_what_a_killed_studio_left_is_swept(tmp_path):
    (tmp_path / "upload-x").mkdir()
    (tmp_path / "upload-x" / "0001.abc").write_text("X:1")
    (tmp_path / "stems").mkdir()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["stems"]


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        ("tune.mid", "tune.mid", "tune.mid"),
        ('a"b.abc', "a_b.abc", "a%22b.abc"),
        ("a\r\nSet-Cookie: x=1.abc", "aSet-Cookie: x=1.abc", "aSet-Cookie%3A%20x%3D1.abc"),
        ("../../etc/passwd", "etc_passwd", "etc_passwd"),
        ("a\\b.abc", "a_b.abc", "a_b.abc"),
        ("100%.abc", "100_.abc", "100%25.abc"),
        ("Żurek.abc", "_urek.abc", "%C5%BBurek.abc"),
        ("日本.mid", "__.mid", "%E6%97%A5%E6%9C%AC.mid"),
        ("a;filename=b.html", "a_filename=b.html", "a%3Bfilename%3Db.html"),
        ("", "nokturn", "nokturn"),
    ],
)
def test_downloads_have_safe_names(name, plain, full):
    given = attachment(name)["Content-Disposition"]
    assert given == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"
    given.encode("ascii")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.wav", "audio/wav"),
        ("a.ABC", "text/vnd.abc; charset=utf-8"),
        ("a.html", "application/octet-stream"),
        ("a.js", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_downloads_have_fixed_types(name, kind):
    assert attachment(name)["Content-Type"] == kind
