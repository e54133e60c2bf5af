from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import governance
from tests.import_table import IMPURE_MODULES, LAYERS, MAKES_CODE, ONLY_IN, PURE

ROOT = Path(governance.__file__).parent
MODULES = {
    ".".join(("governance", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
    if "tools" not in path.relative_to(ROOT).parts
}
LAYER_OF = {part: height for height, layer in enumerate(LAYERS) for part in layer}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imported(path: Path, *, for_types_too: bool = True) -> frozenset[str]:
    """Return the modules that a file imports, anywhere in it."""
    tree = tree_of(path)
    typed = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in typed and not for_types_too:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {
                f"{node.module}.{alias.name}" if node.module == "governance" else str(node.module)
                for alias in node.names
            }
    return frozenset(found)


def begins(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def door(name: str, prefix: str) -> bool:
    return begins(name, prefix) or (prefix.rpartition(".")[2] == "engine" and name.startswith(prefix))


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"governance"}))
def test_imports_go_downward(module: str) -> None:
    height = LAYER_OF[module.split(".")[1]]
    for name in imported(MODULES[module]):
        if name.startswith("governance."):
            assert LAYER_OF[name.split(".")[1]] <= height, f"{module} imports {name}, which is above it"


@pytest.mark.parametrize("module", [name for name in MODULES if any(begins(name, pure) for pure in PURE)])
def test_pure_modules_touch_nothing(module: str) -> None:
    names = {name.split(".")[0] for name in imported(MODULES[module], for_types_too=False)}
    assert not names & IMPURE_MODULES
    calls = (node.func for node in ast.walk(tree_of(MODULES[module])) if isinstance(node, ast.Call))
    allowed = {"exec"} if module == MAKES_CODE else set()
    assert not {"open", "print", "input", "eval", "exec"} - allowed & {
        call.id for call in calls if isinstance(call, ast.Name)
    }


@pytest.mark.parametrize("guarded", sorted(ONLY_IN))
def test_guarded_modules_have_one_door(guarded: str) -> None:
    users = {
        name
        for name, path in MODULES.items()
        if any(begins(each, guarded) for each in imported(path, for_types_too=False))
    }
    strangers = {name for name in users if not any(door(name, prefix) for prefix in ONLY_IN[guarded])}
    assert users, f"nothing uses {guarded}: leave it out of the table"
    assert not strangers


def test_every_part_has_a_layer() -> None:
    assert {name.split(".")[1] for name in MODULES if name != "governance"} == set(LAYER_OF)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_says_what_lives_in_it(module: str) -> None:
    assert ast.get_docstring(tree_of(MODULES[module]))


def test_no_float_stands_in_the_pure_parts() -> None:
    for module, path in MODULES.items():
        if any(begins(module, pure) for pure in PURE):
            constants = (node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant))
            assert not any(isinstance(value, float) for value in constants), module
