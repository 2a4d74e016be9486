"""Who imports whom, and what nobody may use: read from the source, so that a lazy import counts."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "nokturn"
MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}

# Part of the package -> the parts that it may import, besides itself and the base four.
BASE = {"errors", "registry", "settings", "writing"}
MAY_IMPORT = {
    "errors": set(),
    "registry": set(),
    "settings": set(),
    "writing": set(),
    "music": set(),
    "formats": {"music"},
    "encodings": {"music", "formats"},
    "corpora": {"music", "formats", "encodings"},
    "models": set(),
    "training": {"encodings", "models", "corpora"},
    "generation": {"music", "formats", "encodings", "models", "evaluation"},
    "evaluation": {"music", "formats", "encodings", "models", "corpora"},
    "rendering": {"music", "formats"},
    "rhythms": {"music"},
    "production": {"music", "rhythms"},
    "workflows": {
        "music", "formats", "encodings", "corpora", "models", "training", "generation",
        "evaluation", "rendering", "production", "rhythms",
    },
    "cli": {"workflows", "music", "studio"},
    "studio": {"workflows", "music"},
    "notebook": {"workflows", "music"},
    "__main__": {"cli"},
}  # fmt: skip
COMPONENTS = ("formats", "encodings", "corpora", "models", "rhythms")
WITHOUT_TORCH = (
    "music",
    "formats",
    "encodings",
    "corpora",
    "rendering",
    "rhythms",
    "production",
    "cli",
)
HEAVY = ("torch", "numpy", "symusic", "verovio", "soundfile", "matplotlib", "music21")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each module that a file imports, anywhere in it but for the type checker, and where."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the whole name of the module"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in MODULES else node.module or ""), node.lineno


def part_of(module: str) -> str:
    """Return the part of the package that a module belongs to; empty for the package itself."""
    return module.removeprefix("nokturn").lstrip(".").partition(".")[0]


@pytest.mark.parametrize("module", [m for m in MODULES if part_of(m)])
def test_a_module_imports_only_what_stands_below_it(module):
    mine = part_of(module)
    allowed = BASE | MAY_IMPORT[mine] | {mine}
    if module == "nokturn.evaluation.likelihood":
        allowed.add("training")  # it scores with the very code that a training scores with
    wrong = [
        f"line {line}: {name}"
        for name, line in imports(MODULES[module])
        if name.startswith("nokturn") and part_of(name) not in allowed
    ]
    assert not wrong, f"{module} may not import {wrong}; allowed: {sorted(allowed)}"


@pytest.mark.parametrize("folder", COMPONENTS)
def test_components_do_not_import_their_siblings(folder):
    plain = {
        module
        for module in MODULES
        if module.count(".") == 2
        and part_of(module) == folder
        and not module.rpartition(".")[2].startswith(("_", "base"))
    }
    for module in plain:
        others = [name for name, _ in imports(MODULES[module]) if name in plain - {module}]
        assert not others, f"{module} imports its siblings {others}"


def torch_free(module: str) -> bool:
    """Return whether a module must do without torch; likelihoods are the exception."""
    measured = module.startswith("nokturn.evaluation") and not module.endswith(".likelihood")
    return measured or part_of(module) in WITHOUT_TORCH


@pytest.mark.parametrize("module", [m for m in MODULES if torch_free(m)])
def test_torch_stays_with_the_networks(module):
    assert not [line for name, line in imports(MODULES[module]) if name.split(".")[0] == "torch"]


FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "yaml"}
FORBIDDEN_CALLS = {"eval", "exec", "os.system", "os.popen", "torch.load", "pickle.loads"}


def dangers(tree: ast.AST) -> Iterator[str]:
    """Yield what in a syntax tree would run code or a shell from data."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in FORBIDDEN_CALLS:
            yield f"line {node.lineno}: {ast.unparse(node.func)}()"
        if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
            switched_off = isinstance(node.value, ast.Constant) and node.value.value is False
            if not switched_off:
                yield f"line {node.value.lineno}: {node.arg}={ast.unparse(node.value)}"
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.split(".")[0] in FORBIDDEN_MODULES:
                yield f"line {node.lineno}: import {name}"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_in_a_file_can_become_code(module):
    assert not list(dangers(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "torch.load(path)",
        "os.system('ls')",
        "subprocess.run(line, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_gate_sees_what_it_must(line):
    assert list(dangers(ast.parse(line)))


def test_importing_the_package_imports_nothing_heavy():
    program = f"import sys, nokturn; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
