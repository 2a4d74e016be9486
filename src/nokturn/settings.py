"""Settings: recipes in TOML, typed and checked, with single values set from the command line.

    recipe = override(read_recipe("folk.toml"), ["model.width=512", "training.time=10m"])
    settings = build(TrainingSettings, recipe["training"], "training")

A settings class *is* the configuration: the recipe fills it, the model file stores it, the docs
print it. Unknown names are refused with the nearest known one, wrong values with what would be
right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from nokturn.errors import InputError, UsageError, did_you_mean

UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


class Settings(BaseModel):
    """What every settings class derives from: typed, frozen, no unknown names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )


S = TypeVar("S", bound=BaseModel)


def seconds(text: str | float) -> float:
    """Return a time as people write it in seconds.

    >>> seconds("10m"), seconds("1h30m"), seconds(90)
    (600.0, 5400.0, 90.0)
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|d|)\s*", str(text).lower())
    if not parts or "".join(n + u for n, u in parts) != re.sub(r"\s", "", str(text).lower()):
        raise ValueError(f"{text!r} is no time; write it like 90s, 10m or 1h30m")
    return float(sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts))


Seconds = Annotated[float, BeforeValidator(seconds)]


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read a recipe: TOML tables of settings.

    ``ogan-cello.toml@as-written`` is the recipe with the tables under ``[variants.as-written]`` in
    the place of its own.

    Raises
    ------
    InputError
        There is no such file, or it is no TOML; with the place of the mistake.
    UsageError
        The recipe has no such variant.
    """
    name, _, variant = str(path).partition(".toml@")
    path = Path(f"{name}.toml") if variant else Path(path)
    try:
        recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}.", "Check the name.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a TOML recipe: {error}.") from error
    variants = recipe.pop("variants", {})
    if not variant:
        return recipe
    if variant not in variants:
        known = did_you_mean(variant, variants) if variants else "It has no variants."
        raise UsageError(f"{path} has no variant {variant!r}.", known)
    chosen: dict[str, Any] = variants[variant]
    return recipe | chosen


def recipe_name(path: str | Path) -> str:
    """Return what to call a recipe: its file's name, and its variant.

    >>> recipe_name("recipes/ogan-cello.toml@as-written")
    'ogan-cello-as-written'
    """
    return Path(str(path).replace(".toml@", "-") + ".toml").stem.removesuffix(".toml")


def override(recipe: Mapping[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """Return the recipe with values set by name.

    >>> override({"model": {"width": 256}}, ["model.width=512", "training.time=10m"])
    {'model': {'width': 512}, 'training': {'time': '10m'}}
    """
    result = _copy(recipe)
    for change in changes:
        name, equals, value = change.partition("=")
        path = name.strip().split(".")
        if not equals or not all(path):
            raise UsageError(f"{change!r} sets nothing.", "Write a name and a value: NAME=VALUE.")
        table = result
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise UsageError(f"{change!r}: {part} is a value, it holds no {path[-1]}.")
        table[path[-1]] = _value(value.strip())
    return result


def _copy(table: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in table.items()}


def _value(text: str) -> Any:
    """Read a value as TOML does, and as a plain word where that fails."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def build(kind: type[S], values: Mapping[str, Any], where: str = "") -> S:
    """Return settings of a kind, checked.

    Parameters
    ----------
    kind
        The settings class.
    values
        Names and values, as a recipe or a model file holds them.
    where
        The table's name, for messages.

    Raises
    ------
    UsageError
        An unknown name (with the nearest known one) or a value out of range.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in (where, *first["loc"]) if part != "")
        if first["type"] == "extra_forbidden":
            known = did_you_mean(str(first["loc"][-1]), kind.model_fields)
            raise UsageError(f"There is no setting {name}.", known) from error
        raise UsageError(
            f"{name} = {first['input']!r} is not possible: {_reason(first)}."
        ) from error


_REASONS = {  # by pydantic's name of the mistake, in the words of people who make music
    "less_than": "it must be less than {lt:g}",
    "less_than_equal": "it must be {le:g} at most",
    "greater_than": "it must be more than {gt:g}",
    "greater_than_equal": "it must be {ge:g} at least",
    "literal_error": "it must be {expected}",
    "string_type": "it must be a word",
    "float_type": "it must be a number",
    "float_parsing": "it must be a number",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "tuple_type": "it must be a list, like [1, 2]",
    "missing": "a value is missing",
}


def _reason(mistake: ErrorDetails) -> str:
    """Return what would be right."""
    known = _REASONS.get(mistake["type"])
    if known:
        return known.format(**mistake.get("ctx", {}))
    return mistake["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
