"""Models that are taken in, given away, and asked what they can do."""

import pytest

from nokturn.errors import ModelError, UsageError
from nokturn.training import runs
from nokturn.workflows.models import abilities, export_model, import_model, show_model


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))


def test_a_model_goes_out_and_comes_in_unchanged(tmp_path):
    file = export_model("folk", tmp_path)
    assert file.name == "folk.safetensors"
    assert import_model(file, "from-a-friend").sha256 == show_model("folk").sha256
    assert show_model("from-a-friend").built_in is False


def test_a_name_that_is_taken_is_said(tmp_path):
    with pytest.raises(UsageError, match="There is a model named folk already"):
        import_model(export_model("folk", tmp_path))


def test_a_damaged_file_is_not_taken_in(tmp_path):
    file = export_model("rhythm", tmp_path)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ModelError):
        import_model(file, "half")
    assert not runs.published("half").exists()


def test_a_file_that_exists_is_not_written_over(tmp_path):
    export_model("rhythm", tmp_path)
    with pytest.raises(UsageError, match="exists already"):
        export_model("rhythm", tmp_path)
    assert export_model("rhythm", tmp_path, force=True).exists()


def test_a_name_that_leads_elsewhere_is_refused(tmp_path):
    file = export_model("rhythm", tmp_path)
    with pytest.raises(UsageError, match="cannot be the name"):
        import_model(file, "../outside")


def test_a_model_of_abc_knows_keys_and_meters():
    found = abilities("folk")
    assert found.writes_abc
    assert found.keys[:2] == ("G", "D")
    assert {"4/4", "6/8"} <= set(found.meters)


def test_a_model_of_drums_can_be_asked_for_neither():
    assert abilities("drums").keys == abilities("drums").meters == ()


def test_a_model_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ModelError, match="cannot read"):
        import_model(tmp_path / "nowhere.safetensors")
