"""Names in addresses lead to nothing outside: 200 ways up the tree, at every route with a name."""

import asyncio
import hashlib
import re
from urllib.parse import quote

import pytest
from wire import READS, addresses, ask_async

from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings

SECRET = "the-secret-outside-7c1f"
AT_ONCE = 16


def payloads(secret):
    """Return names that try to leave a folder, as they stand in an address."""
    plain = str(secret)
    ups = [f"{'../' * n}{tail}" for n in (1, 2, 3, 5, 9) for tail in ("secret.txt", "etc/passwd")]
    ups += [plain, f"/{plain}", f"file://{plain}", f"./{plain}", f"~{plain}", "~/secret.txt", "..",
            ".", "...", "..../", "....//secret.txt", "..;/secret.txt", "../library/../secret.txt",
            ".jobs", ".studio.lock", ".cache", "bin", "../", "/", "//", "/etc/passwd",
            "/etc/shadow", "/proc/self/environ", "/proc/self/cwd/secret.txt", "link", "link.txt",
            "folder-link"]  # fmt: skip
    ways = [
        lambda name: quote(name, safe=""),
        lambda name: quote(quote(name, safe=""), safe=""),
        lambda name: name.replace("/", "%2f").replace(".", "%2e"),
        lambda name: name.replace("/", "%5c"),
        lambda name: quote(name, safe="") + "%00.abc",
        lambda name: name.replace("..", "%c0%ae%c0%ae").replace("/", "%c0%af"),
    ]
    odd = ["C:%5Csecret.txt", "C:secret.txt", "%5C%5Chost%5Cshare%5Csecret.txt", "%5C%5C%3F%5CC:",
           "CON", "NUL", "aux.abc", "COM1.mid", "LPT1", "secret.txt::$DATA", "%00", "%0d%0aX-A: b",
           "%0a",
           "%ff%fe", "%ed%a0%80", "x" * 300, "x" * 1900, "%25", "%2525", "-", "--help", "-rf",
           "*", "%3F", "%23", "$HOME", "%60id%60", "$(id)", "|id", ";id", "%7B%7D", "{}",
           "__class__", "__proto__", "constructor", "None", "null", "0", "-1", "NaN", "%E2%80%AE",
           "%EF%BC%8F..%EF%BC%8Fsecret.txt", "%E2%80%A5", "folk/../folk", "folk@../x", "folk@1/..",
           "@", "@best", "folk@999999999999"]  # fmt: skip
    made = [way(name) for name in ups for way in ways] + odd
    return list(dict.fromkeys(made))


def snapshot(folder):
    """Return what lies below a folder, by name and content."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A library with links that lead out of it, and a secret beside it."""
    outside = tmp_path / "outside"
    library = tmp_path / "library"
    for folder in (outside, library, tmp_path / "home"):
        folder.mkdir()
    for folder in (outside, tmp_path):
        (folder / "secret.txt").write_text(SECRET)
    (outside / "tune.abc").write_text(f"X:1\nT:{SECRET}\nK:C\nCDEF|\n")
    (library / "link").symlink_to(outside / "secret.txt")
    (library / "link.txt").symlink_to(outside / "secret.txt")
    (library / "link.abc").symlink_to(outside / "tune.abc")
    (library / "folder-link").symlink_to(outside)
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))
    return tmp_path


def targets(app, names):
    """Yield each route that takes a name, with each of the names in each of its places."""
    for method, path in [*addresses(app), ("GET", "/static/{name}")]:
        for place in re.findall(r"{[^}]*}", path):
            for name in names:
                rest = re.sub(r"{[^}]*}", "7f3a9c21b0aa", path.replace(place, "\0"))
                yield method, rest.replace("\0", name)


def test_no_name_leads_outside(tree):
    app = create_app(Settings(library=tree / "library", workers=1))
    names = payloads(tree / "outside" / "secret.txt")
    assert len(names) >= 200
    before = snapshot(tree / "outside")

    async def run():
        wrong = []
        todo = list(targets(app, names))

        async def work():
            while todo:
                method, path = todo.pop()
                headers = {"Content-Type": "application/json"} if method not in READS else {}
                answer = await ask_async(
                    app, method, path, headers, [b"{}"] * (method not in READS)
                )
                leaks = SECRET.encode() in answer.body or b"root:" in answer.body
                if leaks or answer.status >= 500:
                    wrong.append((answer.status, method, path))

        async with app.router.lifespan_context(app):
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return wrong

    assert asyncio.run(run()) == []
    assert snapshot(tree / "outside") == before
