"""The arrows of the design: a room imports only rooms above it, and nothing heavy at the door."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

import archflow
import archflow_reproduce

PACKAGE = Path(archflow.__file__).parent
GROUND = (
    "errors",
    "printable",
    "bounds",
    "described",
    "device",
    "configured",
    "registry",
    "files",
    "cache_folder",
    "outputs",
    "progress",
    "seeding",
    "workers",
    "checkpoint",
    "sealed",
    "memory",
    "npz",
    "protobuf",
    "named_objects",
    "near",
    "minilm",
    "sentences",
)
ROOMS = (
    *(
        "report",
        "graph",
        "flow",
        "networks",
        "spaces",
        "features",
        "importers",
        "devices",
        "data",
        "encoders",
        "pretext",
    ),
    *("predict", "recipes", "search", "service", "client", "explore", "cli"),
)
ORDER = {**dict.fromkeys(GROUND, -1), **{room: i for i, room in enumerate(ROOMS)}, "testing": len(ROOMS)}
KNOWS_NOTHING_OF = {
    "report": {room for room in ROOMS if room != "report"},
    "networks": {"spaces", "flow"},
    "features": {"spaces", "networks", "flow"},
    "importers": {"report", "flow", "networks", "spaces", "features"},
    "encoders": {"spaces", "data", "networks"},
    "pretext": {"spaces", "data", "networks"},
    "predict": {"spaces", "data", "networks"},
    "service": {"report", "flow", "networks", "importers", "devices", "encoders", "pretext", "recipes"},
    "client": {room for room in ROOMS if room not in ("graph", "client")},
    "explore": {room for room in ROOMS if room not in ("report", "graph", "features", "predict", "explore")},
}
GROUND_ORDER = {
    "errors": set(),
    "described": {"errors", "printable"},
    "printable": set(),
    "bounds": {"errors"},
    "configured": {"errors", "bounds"},
    "device": {"errors"},
    "files": {"errors", "printable"},
    "cache_folder": {"errors"},
    "outputs": {"errors", "files"},
    "registry": {"errors", "near", "named_objects"},
    "progress": {"printable"},
    "seeding": {"errors", "bounds"},
    "workers": {"errors", "named_objects"},
    "sealed": {"errors", "files"},
    "memory": {"errors"},
    "npz": {"errors", "files", "memory"},
    "protobuf": {"errors"},
    "named_objects": {"errors", "printable"},
    "near": set(),
    "minilm": {"errors"},
    "sentences": {"errors", "files", "minilm", "printable"},
}
"""What a ground module may import of the ground; those that are not named may import all of it."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "archflow"


def imports(path: Path) -> set[str]:
    """Full names of the archflow modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrows"
            module = node.module or ""
            # `from archflow import data` names a room as `from archflow.data import x` does.
            found.update(f"archflow.{alias.name}" for alias in node.names) if module == "archflow" else found.add(
                module
            )
    return {name for name in found if name.split(".")[0] == "archflow"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_above_it(path):
    here = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if here in ("__init__", "__main__"):
        return
    assert here in ORDER, f"{here} is no room of the design"
    for module in imports(path):
        there = room_of(module)
        if there in ("archflow", "__version__", here):
            continue
        assert there in ORDER, f"{path} imports {module}, which is in no room"
        assert ORDER[there] <= ORDER[here], f"{path} imports {module}: a lower room"
        assert there not in KNOWS_NOTHING_OF.get(here, ()), f"{path} imports {module}: it should not know of it"
        if here in GROUND:
            assert there in GROUND_ORDER.get(here, GROUND), f"{path} imports {module}"


def test_the_package_imports_nothing_of_the_reproduction():
    for path in MODULES:
        assert "archflow_reproduce" not in path.read_text(), f"{path}: what reproduces papers stands beside the package"


def test_no_room_is_above_a_fifth_of_the_package():
    lines = {path: len(path.read_text().splitlines()) for path in MODULES}
    whole = sum(lines.values())
    for room in ROOMS:
        own = sum(count for path, count in lines.items() if path.relative_to(PACKAGE).parts[0] == room)
        assert own <= whole / 5, f"{room} has {own} of {whole} lines; split it, or move out what does not belong"


def circles(arrows):
    """The files that import each other in a loop, as groups."""
    names = sorted(arrows)
    number = {name: i for i, name in enumerate(names)}
    pairs = [(number[a], number[b]) for a, others in arrows.items() for b in others if b in number]
    graph = csr_array(([True] * len(pairs), tuple(zip(*pairs, strict=True))), shape=(len(names), len(names)))
    _, group = connected_components(graph, directed=True, connection="strong")
    groups = [[name for name in names if group[number[name]] == i] for i in range(group.max() + 1)]
    return [members for members in groups if len(members) > 1]


def test_no_files_import_each_other_in_a_circle():
    """Imports inside functions count too; a package's own `__init__` hands names on and counts as no file."""
    folders = [PACKAGE, Path(archflow_reproduce.__file__).parent]
    files = {
        ".".join(path.relative_to(folder.parent).with_suffix("").parts): path
        for folder in folders
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    }
    arrows = {name: imported_files(path, files) - {name} for name, path in files.items()}
    assert circles(arrows) == []


def imported_files(path, files):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found & set(files)


HEAVY = (
    *("torch", "pyarrow", "sklearn", "scipy", "safetensors", "pandas", "matplotlib", "pooch", "requests", "altair"),
    *("pydantic", "dash"),
)


@pytest.mark.parametrize("module", ["archflow", "archflow.cli.app"])
def test_importing_is_light(module):
    script = f"import sys, json, {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not set(json.loads(done.stdout)).intersection(HEAVY)


def test_nothing_is_unpickled():
    for path in MODULES:
        text = path.read_text()
        for word in ("import pickle", "torch.load(", "allow_pickle=True", "joblib"):
            assert word not in text, f"{path}: {word}"
