"""How the house is built: what no linter can be told."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Field, Model

ROOT = Path(__file__).resolve().parent.parent
OURS = ["accounts", "integrations", "rostering"]
PYTHON = [*OURS, "smartpass", "tests", "bench"]
MADE = {".git", ".venv", "var", "staticfiles", "__pycache__", ".hypothesis"}
MADE_SUFFIXES = {".pyc", ".png", ".ico", ".woff2", ".gz", ".xlsx"}

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
LONGEST_TEST = 60

# Spelled so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(words)
    for words in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("cdnjs", "cloudflare", "com"),
    )
]
UNFINISHED = re.compile("|".join([r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bX" + r"XX\b"]))
NOT_RUN = re.compile(r"pytest\.(mark\.)?(skip|xfail|importor" + r"skip)|unittest\.skip")
OUTSIDE = re.compile(r"(?<![\w.-])/wor" + r"k/")


def files() -> list[Path]:
    """Give every file of the project that somebody wrote."""
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not MADE & set(path.relative_to(ROOT).parts)
        and not path.relative_to(ROOT).parts[0].endswith("_cache")
        and path.suffix not in MADE_SUFFIXES
    )


def modules() -> list[Path]:
    """Give every Python module except migrations, which Django writes."""
    found = [ROOT / "manage.py", *(path for name in PYTHON for path in (ROOT / name).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def named(path: Path, line: int = 1) -> str:
    """Say where, as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{line}"


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    """Give each place where the pattern stands."""
    for path in paths:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if pattern.search(line):
                yield named(path, number)


def long_functions(path: Path, longest: int) -> Iterator[str]:
    """Give each function of more lines, its docstring included, its decorators not."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > longest:
                yield f"{named(path, node.lineno)} {node.name}: {length} lines"


def relations() -> "Iterator[tuple[type[Model], Field[Any, Any]]]":
    """Give each foreign key of our models."""
    for name in OURS:
        for model in apps.get_app_config(name).get_models():
            for field in model._meta.get_fields():
                if isinstance(field, Field) and field.is_relation and field.related_model:
                    yield model, field


def test_no_module_is_too_long() -> None:
    found = {named(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: length for name, length in found.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    assert [
        place
        for path in modules()
        for place in long_functions(path, LONGEST_TEST if "tests" in path.parts else LONGEST_FUNCTION)
    ] == []


def test_only_access_turns_ids_into_rows() -> None:
    edges = [path for path in modules() if {path.stem, path.parent.name} & {"views", "api", "admin", "tasks"}]
    found = [
        named(path, node.lineno)
        for path in edges
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_base_manager", "_default_manager"}
    ]
    assert found == []


def test_foreign_keys_point_downward() -> None:
    upward = [
        f"{model._meta.label}.{field.name}"
        for model, field in relations()
        if isinstance(field.related_model, type)
        and field.related_model._meta.app_label in OURS
        and OURS.index(field.related_model._meta.app_label) > OURS.index(model._meta.app_label)
    ]
    assert upward == []


@pytest.mark.parametrize("pattern", [UNFINISHED, NOT_RUN, OUTSIDE], ids=["unfinished", "not run", "outside"])
def test_nothing_is_left_open(pattern: re.Pattern[str]) -> None:
    assert list(lines_with(pattern, files())) == []


def test_no_registry_is_named() -> None:
    pattern = re.compile("|".join(re.escape(name) for name in REGISTRIES), re.IGNORECASE)
    assert list(lines_with(pattern, files())) == []


def test_the_database_needs_no_extension() -> None:
    pattern = re.compile(r"CREATE\s+EXTENSION|\w+Extension\(", re.IGNORECASE)
    migrations = [path for path in files() if "migrations" in path.parts or path.suffix == ".sql"]
    assert list(lines_with(pattern, migrations)) == []


def test_the_looking_finds_something(tmp_path: Path) -> None:
    assert len(modules()) > len(PYTHON)
    assert len(list(relations())) > len(OURS)
    module = ROOT / "tests" / "test_architecture.py"
    assert module in files()
    assert len(list(long_functions(module, 1))) > LONGEST_FUNCTION // 4
    open_end = tmp_path / "module.py"
    open_end.write_text(f"# {'TO' + 'DO'}: later\n@{'pytest' + '.mark.skip'}\nopen('{'/wor' + 'k/x'}')\n")
    assert [pattern.search(open_end.read_text()) is not None for pattern in (UNFINISHED, NOT_RUN, OUTSIDE)] == [
        True
    ] * 3
