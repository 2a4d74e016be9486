"""Find a component by name, without a list of them anywhere.

A component folder (`formats`, `encodings`, `corpora`, `models`, `rhythms`) holds one component a
module, named after its module; ``base.py`` holds the promise that they keep: one class that derives
from `Component`. Modules that begin with an underscore are shared helpers.

    >>> "abc" in names("formats")
    True
    >>> find("formats", "abc").__name__
    'Abc'
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from nokturn.errors import UsageError, did_you_mean


class Component:
    """What every base class of a component folder derives from."""


def names(folder: str) -> list[str]:
    """Return the names of the components in a folder, in order, importing none of them."""
    package = importlib.import_module(f"nokturn.{folder}")
    modules = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in modules if name != "base" and not name.startswith("_"))


def find(folder: str, name: str) -> Any:
    """Return the component class of that name.

    Raises `UsageError` with a suggestion where there is none.
    """
    if name not in names(folder):
        kind = {"corpora": "corpus"}.get(folder, folder.rstrip("s"))
        known = names(folder)
        raise UsageError(f"There is no {kind} named {name!r}.", did_you_mean(name, known))
    module = importlib.import_module(f"nokturn.{folder}.{name}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Component)
        and value.__module__ == module.__name__
    ]
    assert len(found) == 1, f"{module.__name__} must hold one component, it holds {found}"
    return found[0]
