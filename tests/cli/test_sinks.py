"""Standard output as the place where pieces go: what it can hold."""

import pytest

from nokturn.cli._pieces import sink_of
from nokturn.cli._terminal import Terminal
from nokturn.errors import UsageError


@pytest.mark.parametrize(
    ("out", "form", "count", "as_json", "message"),
    [
        pytest.param(("-", "a.mid"), "abc", 1, False, "-o - stands alone", id="and a file"),
        pytest.param(("-",), "abc", 1, True, "-o - and --json both want", id="and json"),
        pytest.param(("-",), "mid", 2, False, "holds one mid file, not 2", id="two in one midi"),
    ],
)
def test_what_does_not_fit_into_a_pipe(out, form, count, as_json, message):
    with pytest.raises(UsageError, match=message):
        sink_of(Terminal(json=as_json), out, form, count, force=False)
