"""Models through the studio's addresses."""

import pytest


def test_models_are_listed_with_what_they_can_be_asked_for(studio):
    models = {model["name"]: model for model in studio.get("/api/models").json()}
    folk = models["folk"]
    assert folk["default"]
    assert folk["writes_abc"]
    assert "6/8" in folk["meters"]
    assert 1 < folk["held_out"]["bits_per_character"] < 1.5
    assert folk["held_out"]["valid_bars"] > 0.99
    assert folk["held_out"]["copied"] < 0.2  # of tunes of people a quarter is
    assert models["drums"]["keys"] == []
    assert "path" not in folk


def test_a_model_is_sent_taken_in_and_deleted(studio):
    sent = studio.get("/api/models/rhythm/file")
    assert "rhythm.safetensors" in sent.headers["content-disposition"]
    files = {"file": ("mine.safetensors", sent.content)}
    assert studio.post("/api/models", files=files).status_code == 201
    assert studio.get("/api/models/mine").json()["encoding"] == "rhythm"
    assert studio.post("/api/models", files=files).json()["error"]["what"].startswith("There is a")
    assert studio.delete("/api/models/mine").json() == {"removed": ["mine.safetensors"]}
    assert studio.get("/api/models/mine").status_code == 422


def test_built_in_models_stay(studio):
    answer = studio.delete("/api/models/folk")
    assert answer.status_code == 400
    assert "comes with Nokturn" in answer.json()["error"]["what"]


def test_a_stranger_file_is_refused(studio):
    answer = studio.post("/api/models", files={"file": ("x.safetensors", b"\x80\x04pickle" * 99)})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "model"


@pytest.mark.parametrize("name", ["..%2f..%2fetc", "a/b", "%00", "x" * 200, "folk@@1"])
def test_names_that_are_none_are_refused(studio, name):
    assert studio.get(f"/api/models/{name}").status_code in (400, 404)
