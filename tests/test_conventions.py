"""How the code is laid out: imports point downwards, values are values, the middle is pure, nothing names a machine."""

import ast
import dataclasses
import inspect
import re
import subprocess
from importlib import import_module

import pytest
from sklearn.base import BaseEstimator

from conftest import ROOT

SOURCE = ROOT / "src" / "pharmaspam"
MODULES = sorted(path.stem for path in SOURCE.glob("*.py") if path.stem not in ("__init__", "__main__"))
# What only the edge may touch: the terminal, the environment, the clock, the network, the way out.
EDGE = {"sys", "time", "datetime", "socket", "urllib", "http", "requests", "typer", "click", "rich", "fastapi", "uvicorn"}
MIDDLE = ("records", "errors", "fold", "markup", "lexicon", "language", "tokens", "reading", "features", "views", "matrix", "pipeline")
MIDDLE += ("scorer", "explain", "cleaning", "policy", "corpus", "insertions", "detector", "training")
# Lower comes first; a module may import what stands before it.
ORDER = ("errors", "records", "fold", "markup", "lexicon", "language", "tokens", "reading", "features", "views", "pipeline", "matrix")
ORDER += ("corpus", "insertions", "model", "policy", "explain", "cleaning", "scorer", "training", "detector")


def imports(module):
    """Top-level names of what a module imports, and which modules of the package; imports for type checking left out."""
    tree = ast.parse((SOURCE / f"{module}.py").read_text(encoding="utf-8"))
    outside, inside = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "pharmaspam" else [node.module or ""]
        else:
            continue
        for name in names:
            if name.startswith("pharmaspam."):
                inside.add(name.split(".")[1])
            else:
                outside.add(name.split(".")[0])
    return outside, inside & set(MODULES)


def test_imports_make_no_circle():
    graph = {module: imports(module)[1] for module in MODULES}
    done = set()
    while graph.keys() - done:
        ready = {module for module, needs in graph.items() if module not in done and needs <= done | {module}}
        assert ready, f"a circle among {sorted(graph.keys() - done)}"
        done |= ready


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_downwards(module):
    assert imports(module)[1] <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("module", MIDDLE)
def test_the_middle_is_pure(module):
    outside, _ = imports(module)
    assert outside & EDGE == set()
    text = (SOURCE / f"{module}.py").read_text(encoding="utf-8")
    assert not re.search(r"\bos\.environ|\bgetenv\b|\bsys\.exit\b|\bprint\(", text)


def test_what_is_fast_to_import_stays_fast():
    for module in ("errors", "records", "fold", "markup", "lexicon", "language", "tokens", "reading", "policy", "cleaning"):
        assert imports(module)[0] & {"numpy", "scipy", "sklearn", "pandas", "joblib"} == set(), module


def test_values_are_frozen_and_slotted():
    found = {}
    for module in ("records", "markup", "policy", "tokens", "views", "insertions"):
        for name, value in vars(import_module(f"pharmaspam.{module}")).items():
            if inspect.isclass(value) and dataclasses.is_dataclass(value) and value.__module__ == f"pharmaspam.{module}":
                found[name] = value
    assert {"Post", "Span", "Verdict", "Labelled", "Policy", "Run", "Link", "Rendered", "Word", "Evidence", "Phrase"} <= found.keys()
    for name, value in found.items():
        assert value.__dataclass_params__.frozen, name
        assert hasattr(value, "__slots__"), name


def test_estimators_take_what_they_keep():
    """scikit-learn's manners: `__init__` assigns its arguments under their own names and does nothing else."""
    pipeline = import_module("pharmaspam.pipeline")
    estimators = [
        value
        for value in vars(pipeline).values()
        if inspect.isclass(value) and issubclass(value, BaseEstimator) and value.__module__ == pipeline.__name__
    ]
    assert estimators
    for estimator in estimators:
        marks = {name: object() for name in inspect.signature(estimator).parameters}
        made = estimator(**marks)
        assert vars(made) == marks
        assert made.get_params(deep=False) == marks


def test_every_module_says_what_it_is_for():
    silent = [module for module in MODULES if not ast.get_docstring(ast.parse((SOURCE / f"{module}.py").read_text(encoding="utf-8")))]
    assert silent == []


def test_errors_inherit_from_what_a_caller_would_guess():
    errors = import_module("pharmaspam.errors")
    assert all(issubclass(value, ValueError) for value in vars(errors).values() if inspect.isclass(value))


def test_no_file_names_a_machine():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    home = re.compile(r"/(?:home|root|Users)/[\w.-]+|/work/(?:main|shared|stage|venv)")
    bad = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".toml", ".json", ".yml", ".html", ".sh", "")
            and path.is_file()
            and path.stat().st_size < 1_000_000
        ):
            bad += [f"{name}: {match[0]}" for match in home.finditer(path.read_text(encoding="utf-8", errors="replace"))]
    assert bad == []
