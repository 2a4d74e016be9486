"""Whole files: what was there or what is new, forced to the disk in the right order."""

import errno
import os
import sys
from pathlib import Path

import pytest

from nokturn.errors import ResourceError
from nokturn.studio._shelf import Item, Shelf
from nokturn.writing import write_whole

ITEM = Item("7f3a9c21b0aa", "Reel", ".abc", "tune", "2026-01-02T03:04:05.678+00:00")
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which file it is")


@pytest.fixture
def calls(monkeypatch):
    """Return what is asked of the system, in order."""
    done = []
    sync, replace, unlink = os.fsync, os.replace, Path.unlink

    def synced(handle):
        done.append("sync " + os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))
        sync(handle)

    def replaced(old, new):
        done.append(f"{Path(new).name} appears")
        replace(old, new)

    def unlinked(path, **rest):
        if path.exists():
            done.append(f"{path.name} goes")
        unlink(path, **rest)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("os.replace", replaced)
    monkeypatch.setattr("pathlib.Path.unlink", unlinked)
    return done


@linux
def test_data_are_on_the_disk_before_they_have_their_name_and_then_the_name(tmp_path, calls):
    write_whole(tmp_path / "t.abc", b"X:1")
    assert calls == [f"sync .t.abc.{os.getpid()}.tmp", "t.abc appears", f"sync {tmp_path.name}"]
    assert (tmp_path / "t.abc").read_bytes() == b"X:1"


def test_what_can_be_made_again_does_not_wait_for_the_disk(tmp_path, calls):
    write_whole(tmp_path / "t.wav", b"RIFF", lasting=False)
    assert calls == ["t.wav appears"]


@linux
def test_a_piece_is_moved_before_what_was_known_of_it_goes(tmp_path, calls):
    shelf = Shelf(tmp_path)
    item = shelf.put(ITEM, b"X:1\nK:C\nC\n")
    calls.clear()
    shelf.take(Item(**vars(item) | {"title": "Jig"}), shelf)
    folder = f"sync {tmp_path.name}"
    new, old = "jig-7f3a9c21b0aa", "reel-7f3a9c21b0aa"
    assert calls == [
        f"sync .{new}.json.{os.getpid()}.tmp", f"{new}.json appears", folder,
        f"{new}.abc appears", folder, f"{old}.json goes",
    ]  # fmt: skip


@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, call):
    target = tmp_path / "t.abc"
    target.write_text("old")

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(call, full)
    with pytest.raises(ResourceError, match=r"the disk is full: .*t.abc .* make room and go on"):
        write_whole(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["t.abc"]
    assert target.read_text() == "old"
