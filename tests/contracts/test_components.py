"""Contracts over every component found: names, explanations, promises kept."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from nokturn import registry
from nokturn.errors import UsageError

FOLDERS = ("formats", "encodings", "corpora", "models", "rhythms")
COMPONENTS = [(folder, name) for folder in FOLDERS for name in registry.names(folder)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_holds_components(folder):
    assert registry.names(folder)


@pytest.mark.parametrize(("folder", "name"), COMPONENTS, ids=lambda value: str(value))
def test_a_component_is_found_and_keeps_the_promise_of_its_folder(folder, name):
    component = registry.find(folder, name)
    base = importlib.import_module(f"nokturn.{folder}.base")
    assert issubclass(component, registry.Component)
    assert any(parent.__module__ == base.__name__ for parent in component.__mro__)
    assert not inspect.isabstract(component), component.__abstractmethods__


@pytest.mark.parametrize(("folder", "name"), COMPONENTS, ids=lambda value: str(value))
def test_a_component_explains_itself(folder, name):
    module = importlib.import_module(f"nokturn.{folder}.{name}")
    component = registry.find(folder, name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert (module.__doc__ or "").strip(), f"{module.__name__} does not say what it is"
    assert component.__doc__, f"{component.__name__} does not say what it is"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_misspelt_component_is_answered_with_those_known(folder):
    first = registry.names(folder)[0]
    with pytest.raises(UsageError, match=rf"There is no .*Known: .*{first}"):
        registry.find(folder, "no such thing")


def test_formats_share_no_ending():
    endings = [
        e for name in registry.names("formats") for e in registry.find("formats", name).extensions
    ]
    assert len(endings) == len(set(endings))
    assert all(ending.startswith(".") for ending in endings)
