"""Random requests to every route of the schema: refused or answered, and never a bug."""

import json
from contextlib import suppress

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import GenerationMode
from wire import asked, studio

EXAMPLES = 4  # of each route and kind
PATIENT = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A studio with a library of its own."""
    folder = tmp_path_factory.mktemp("studio")
    with studio(folder) as (_, address):
        yield address, json.loads(asked(address, "GET", "/api/openapi.json")[2])


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_finds_a_bug(running, mode):
    address, described = running
    schema = schemathesis.openapi.from_dict(described)
    bugs = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()
            if not operation.path.endswith("/events"):  # those never end
                bugs += bugs_of(operation, mode, address, session)
    assert not bugs, "\n".join(sorted(set(bugs)))


def bugs_of(operation, mode, address, session):
    """Return what a route answers as a bug to random requests."""
    bugs = []

    @PATIENT
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        answer = case.call(base_url=address.rstrip("/"), session=session, timeout=60)
        if answer.status_code == 500:
            bugs.append(f"{case.method} {case.formatted_path}: {answer.text[:300]}")

    with suppress(
        hypothesis.errors.Unsatisfiable
    ):  # a route without parameters takes no wrong ones
        send()
    return bugs
