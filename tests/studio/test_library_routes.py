"""The library over HTTP, with real workers: bring, list, see, hear, change, delete, restore."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings

REEL = """X:1
T:Żurek's reel
R:reel
M:4/4
L:1/8
Q:1/4=180
K:Ador
|:eAAB c2BA|eAAB cBAG|eAAB c2Bc|dBGB A4:|
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio; its folder is ``studio.folder``."""
    folder = tmp_path_factory.mktemp("library")
    app = create_app(Settings(library=folder))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        client.folder = folder
        yield client


@pytest.fixture
def reel(studio):
    """The id of a piece."""
    answer = studio.post("/api/pieces", json={"abc": REEL})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"][0]


def test_a_text_becomes_a_piece_that_lists_tell_of(studio, reel):
    told = studio.get(f"/api/pieces/{reel}").json()
    assert told["title"] == "Żurek's reel"
    assert (told["key"], told["meter"], told["tempo_qpm"]) == ("A dorian", "4/4", 180.0)
    assert (told["bars"], told["kind"], told["parent"]) == (4, "import", "")
    listed = studio.get("/api/pieces", params={"q": "zurek dorian"}).json()
    assert reel in [item["id"] for item in listed["items"]]
    assert "A dorian" in listed["facets"]["key"]
    assert len(bytes.fromhex(told["incipit"])) % 3 == 0
