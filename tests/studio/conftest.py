"""What tests of the studio share: a studio, and verbs that misbehave for worker processes."""

import pytest
from starlette.testclient import TestClient

from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings

ODD_VERBS = {
    "double": "def run(talk, number):\n    return 2 * number\n",
    "tell": """
def run(talk, times):
    for i in range(times):
        talk.progress((i + 1) / times)
        talk.say("note", pitch=60 + i)
    return {"times": times}
""",
    "until_stopped": """
def run(talk):
    talk.say("begun")
    talk.stop.wait(60)
    return {"stopped": talk.stop.is_set()}
""",
    "hang": "import time\ndef run(talk):\n    talk.say('begun')\n    time.sleep(600)\n",
    "die": "import os\ndef run(talk, code=7):\n    os._exit(code)\n",
    "be_killed": "import os, signal\ndef run(talk):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "spoilt": """
def warm():
    raise OSError("a model is damaged")
def run(talk):
    return "done"
""",
    "gorge": "def run(talk):\n    return len(bytearray(64 << 30))\n",
    "refuse": """
from nokturn.errors import InputError
def run(talk):
    raise InputError("a bar is too long.", "Remove a note.", source="jig.abc", line=7)
""",
}


@pytest.fixture
def odd_verbs(tmp_path, monkeypatch):
    """A package of verbs that count, hang, die ...; its name."""
    package = tmp_path / "odd_verbs"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in ODD_VERBS.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return "odd_verbs"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio of one's own with its worker processes; a client to it."""
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOKTURN_HOME", str(folder / "home"))
        app = create_app(Settings(library=folder / "library"))
        with TestClient(app, base_url="http://127.0.0.1:8765") as client:
            yield client
