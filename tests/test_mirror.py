"""Tests mirror the package: every module has a test file of its name, or is imported by a test of its room."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import archflow

PACKAGE, TESTS = Path(archflow.__file__).parent, Path(__file__).parent
THROUGH = {
    "cli/fitted.py": "cli/test_fit_stacked.py",
    "cli/network_options.py": "cli/test_label.py",
    "data/labelling_job.py": "cli/test_label.py",
    "networks/hierarchical_network.py": "spaces/hierarchical/test_space.py",
    "predict/components/fitted_experts.py": "predict/components/test_experts.py",
    "predict/components/fitted_trees.py": "predict/components/test_all.py",
    "predict/stack.py": "predict/test_stacked.py",
    "predict/stacked_folder.py": "predict/test_stacked.py",
    "recipes/demo.py": "cli/test_demo.py",
    "search/botorch_search.py": "search/methods/test_qlogei.py",
    "search/candidates.py": "search/methods/test_bananas.py",
    "search/evaluators/named.py": "cli/test_search.py",
    "search/evaluators/side_columns.py": "search/evaluators/test_table.py",
    "search/evaluators/spaces.py": "search/evaluators/test_table.py",
    "search/perceptron.py": "search/surrogates/test_path_mlp.py",
    "search/request.py": "cli/test_search.py",
    "search/running.py": "cli/test_search.py",
    "search/thompson.py": "search/methods/test_bananas.py",
    "search/training.py": "search/surrogates/test_gin.py",
    "search/workers/simulated.py": "search/test_study.py",
    "service/endpoints.py": "service/test_app.py",
    "spaces/darts/costs.py": "spaces/darts/test_space.py",
    "testing/component.py": "predict/components/test_contract.py",
    "testing/features.py": "features/test_check_features.py",
    "testing/importer.py": "importers/test_onnx_file.py",
    "testing/searcher.py": "search/methods/test_random_search.py",
}
"""Modules that are parts of another one, or contracts of another room: the test file that tests them through it."""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Modules and the names that a file imports of them, wherever in it; "" for the module itself."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}
HANDED_ON = {
    (package, name): (module, name)
    for package, path in MODULES.items()
    if path.name == "__init__.py"
    for module, name in imports(path)
}
"""What the `__init__` of a package imports for others to import: where it is from."""


def source(module: str, name: str) -> str:
    """The module that defines a name, which another one may hand on."""
    while f"{module}.{name}" not in MODULES:
        if HANDED_ON.get((module, name), (module, name)) == (module, name):
            return module
        module, name = HANDED_ON[module, name]
    return f"{module}.{name}"


@cache
def names_of(path: Path) -> set[str]:
    return {source(module, name) for module, name in imports(path)}


def has_a_test(path: Path) -> bool:
    place = path.relative_to(PACKAGE)
    if (TESTS / place.parent / f"test_{place.name}").is_file():
        return True
    room = TESTS / place.parts[0] if len(place.parts) > 1 else TESTS
    tests = room.rglob("*.py") if len(place.parts) > 1 else room.glob("*.py")
    return any(module_of(path) in names_of(test) for test in tests)


def test_every_module_has_a_test() -> None:
    modules = [path for path in MODULES.values() if path.name not in ("__init__.py", "__main__.py")]
    without = {path.relative_to(PACKAGE).as_posix() for path in modules if not has_a_test(path)}
    assert sorted(without - set(THROUGH)) == [], "write tests/ROOM/test_MODULE.py"
    assert sorted(set(THROUGH) - without) == [], "these have a test now: take them out of the list"
    assert all((TESTS / test).is_file() for test in THROUGH.values())
