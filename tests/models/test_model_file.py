"""Model files come back as they were, and hostile ones are refused at once."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from nokturn.errors import ModelError, ResourceError
from nokturn.models import _tensors
from nokturn.models._file import ModelFile
from nokturn.models.base import Inputs
from nokturn.models.recurrent import Recurrent, RecurrentSettings


@pytest.fixture(scope="module")
def file():
    model = Recurrent.untrained(Inputs(4, (3,)), RecurrentSettings(width=8, embedding=5), 1)
    return ModelFile(
        model,
        encoding="abc_text",
        vocabulary=["", "a", "é", "|"],
        encoding_settings={"chords": True},
        channels={"clock": 3},
        card={"corpus": "O'Neill", "bits_per_character": 1.25},
    )


@pytest.mark.parametrize(
    ("precision", "error"), [("float32", 0), ("float16", 5e-4), ("bfloat16", 4e-3)]
)
def test_a_model_comes_back_as_it_was(tmp_path, file, precision, error):
    file.save(tmp_path / "m.safetensors", precision)
    back = ModelFile.load(tmp_path / "m.safetensors")
    assert back.vocabulary == file.vocabulary
    assert back.channels == {"clock": 3}
    assert back.card == file.card
    assert back.model.settings == file.model.settings
    assert len(back.sha256) == 64
    for name, array in file.model.weights.items():
        np.testing.assert_allclose(back.model.weights[name], array, rtol=error, atol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_the_library_of_the_format_reads_it_too(file):
    arrays = safetensors.numpy.load(file.dumps("float32"))
    assert all(np.array_equal(arrays[n], a) for n, a in file.model.weights.items())


def test_reading_and_writing_music_needs_no_torch(tmp_path, file):
    file.save(tmp_path / "m.safetensors")
    code = (
        "import sys; from nokturn.models._file import ModelFile\n"
        "ModelFile.load(sys.argv[1]).model.stream().step(0, (1,))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "m.safetensors"], check=True)


def packed(header, body=b"", length=None):
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(head) if length is None else length).to_bytes(8, "little") + head + body


def entry(kind="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": kind, "shape": list(shape), "data_offsets": list(offsets)}


META = {"nokturn": "{}", "sha256": "0" * 64}
HOSTILE = {
    "empty": (b"", "impossible length"),
    "a pickle": (b"\x80\x04\x95" + b"cos\nsystem\n" * 9, "impossible length"),
    "a zip": (b"PK\x03\x04" + b"\0" * 60, "impossible length|cannot be read"),
    "header longer than the file": (packed({}, length=1 << 19), "impossible length"),
    "header of 2^63 bytes": (packed({}, length=1 << 63), "impossible length"),
    "header of 2 MB": (packed(b" " * (2 << 20)), "impossible length"),
    "header that is no JSON": (packed(b"{" * 100), "cannot be read"),
    "header nested 100,000 deep": (packed(b"[" * 100_000), "cannot be read"),
    "header that is a list": (packed([1]), "cannot be read"),
    "no metadata": (packed({"w": entry()}, b"\0" * 4), "cannot be read"),
    "metadata of others": (packed({"__metadata__": META | {"format": "pt"}}), "unknown entries"),
    "10,000 names": (
        packed({"__metadata__": META} | {f"w{i}": entry() for i in range(10_000)}, b"\0" * 4),
        "claims 10000 tensors",
    ),
    "a name that climbs": (packed({"__metadata__": META, "../../etc": entry()}), "has the name"),
    "a name with dots": (packed({"__metadata__": META, "a..b": entry()}), "has the name"),
    "a name with a slash": (packed({"__metadata__": META, "a/b": entry()}), "has the name"),
    "an extra key": (
        packed({"__metadata__": META, "w": entry() | {"code": "x"}}, b"\0" * 4),
        "not as it should be",
    ),
    "an unknown kind": (packed({"__metadata__": META, "w": entry("F64")}), "has the kind"),
    "a kind that is a list": (packed({"__metadata__": META, "w": entry([])}), "has the kind"),
    "a huge shape": (
        packed({"__metadata__": META, "w": entry(shape=(1 << 40, 1 << 40))}, b"\0" * 4),
        "does not fit its bytes",
    ),
    "a shape of 40 dimensions": (
        packed({"__metadata__": META, "w": entry(shape=(1,) * 40)}, b"\0" * 4),
        "odd shape",
    ),
    "a negative size": (packed({"__metadata__": META, "w": entry(shape=(-1,))}), "impossible"),
    "a size that is a truth": (packed({"__metadata__": META, "w": entry(shape=(True,))}), "imposs"),
    "a place beyond the end": (
        packed({"__metadata__": META, "w": entry(offsets=(4, 8))}, b"\0" * 4),
        "does not fit its bytes",
    ),
    "a place from end to begin": (
        packed({"__metadata__": META, "w": entry(offsets=(4, 0))}, b"\0" * 4),
        "does not fit its bytes",
    ),
    "overlapping tensors": (
        packed({"__metadata__": META, "a": entry(), "b": entry()}, b"\0" * 4),
        "overlap or leave gaps",
    ),
    "a gap": (
        packed({"__metadata__": META, "a": entry(offsets=(4, 8))}, b"\0" * 8),
        "overlap or leave gaps",
    ),
    "bytes left over": (packed({"__metadata__": META, "a": entry()}, b"\0" * 9), "left over"),
    "a wrong hash": (packed({"__metadata__": META, "a": entry()}, b"\0" * 4), "SHA-256"),
    "NaN": (_tensors.dumps({"a": np.array([np.nan], "f4")}, {}), "not finite"),
    "infinity": (_tensors.dumps({"a": np.array([np.inf], "f4")}, {}), "not finite"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_at_once(data, reason):
    began = time.process_time()
    with pytest.raises(ModelError, match=reason):
        ModelFile.loads(data, "evil.safetensors")
    assert time.process_time() - began < 1


def changed(file, **values):
    arrays, meta, _ = _tensors.loads(file.dumps("float32"))
    return _tensors.dumps(arrays, meta | values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"version": 2}, "version", id="another version"),
        pytest.param({"model": "recurent"}, "Did you mean recurrent", id="an unknown model"),
        pytest.param({"model": "os.system"}, "There is no model named", id="a path to code"),
        pytest.param({"model": "_file"}, "There is no model named", id="a private module"),
        pytest.param({"model_settings": {"width": 9}}, "the settings ask for", id="wrong width"),
        pytest.param({"model_settings": {"wdth": 9}}, "no setting model.wdth", id="misspelt"),
        pytest.param({"vocabulary": ["a"]}, "vocabulary", id="no vocabulary"),
        pytest.param({"channels": {"clock": 10**9}}, "the settings ask for", id="huge channel"),
        pytest.param({"code": "print(1)"}, "code", id="unknown entry"),
    ],
)
def test_a_file_that_does_not_fit_itself_is_refused(file, values, reason):
    with pytest.raises(ModelError, match=reason):
        ModelFile.loads(changed(file, **values), "odd.safetensors")


@settings(max_examples=300)
@given(st.data())
def test_every_flipped_bit_and_every_cut_is_noticed(file, data):
    whole = file.dumps()
    place = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(ModelError):
        ModelFile.loads(bytes(flipped))
    with pytest.raises(ModelError):
        ModelFile.loads(whole[: place // 8])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"cannot read .*none.safetensors: No such file"):
        ModelFile.load(tmp_path / "none.safetensors")


def test_a_full_disk_leaves_the_file_before_and_says_so(tmp_path, file, monkeypatch):
    path = tmp_path / "m.safetensors"
    file.save(path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="the disk is full"):
        file.save(path, "float32")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]
