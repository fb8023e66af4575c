"""The rules of the house that no linter knows. CONTRIBUTING.md says why they are there."""

import ast
import hashlib
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from loyalty_ledger.cli.app import app
from loyalty_ledger.domain.values import Reason
from loyalty_ledger.http.app import BY_THEMSELVES, OPERATIONS
from loyalty_ledger.http.names import read_names
from loyalty_ledger.http.operation import Operation
from loyalty_ledger.program_file import load_program
from loyalty_projections.projections import PROJECTIONS

TOP = Path(__file__).parents[1]
DOMAIN = TOP / "src" / "loyalty_ledger" / "domain"
POLICIES = DOMAIN / "policies.py"
CLOCK = TOP / "src" / "loyalty_ledger" / "clock.py"
SAMPLE = TOP / "src" / "loyalty_ledger" / "sample"
PINNED = TOP / "tests" / "golden" / "events.sha256"

LONGEST_FUNCTION = 40
MEDIAN_FUNCTION = 12
LONGEST_FILE = {"src": 300, "projections": 300, "bench": 300, "tests": 400}
CODE = tuple(LONGEST_FILE)
PRODUCT = ("src", "projections")

AT_THE_TOP = {
    *(".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md"),
    *("bench", "docs", "projections", "pyproject.toml", "requirements.txt", "src", "tests"),
}

CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
    *("func.now", "func.current_timestamp"),
}
CORE_MAY_IMPORT = {"pydantic", "pydantic_core", "msgspec", "annotated_types", "loyalty_ledger"}
IMPURE = {
    *("random", "uuid", "secrets", "time", "os", "io", "pathlib", "shutil", "tempfile", "logging"),
    *("socket", "sqlite3", "subprocess", "threading", "multiprocessing", "asyncio", "urllib"),
}
IMPURE_CALLS = {"open", "print", "input"}

# Spelt in two parts, so that this file may be searched too.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|(?<!\")XX" + r"X)\b")
MACHINES = re.compile(r"(?<![\w.~$}-])/(?:home|Users|root|work|farm|tmp)/\w")
REGISTRIES = re.compile(
    r"py" + r"pi\.org|python" + r"hosted\.org|npm" + r"js\.|deb\.deb" + r"ian\.org|crat" + r"es\.io"
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*roots: str) -> list[Path]:
    return [path for root in roots for path in sorted((TOP / root).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def functions(*roots: str) -> Iterator[tuple[str, int]]:
    for path in python_files(*roots):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, Function):
                assert node.end_lineno is not None
                yield f"{shown(path)}: {node.name}", node.end_lineno - node.lineno + 1


def shown(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def hidden(name: str, pattern: str) -> bool:
    """Whether a line of .gitignore, as far as ours go, hides the file."""
    if "/" in pattern:
        return name.startswith(f"{pattern}/")
    return any(fnmatch(part, pattern) for part in name.split("/"))


@cache
def tracked() -> tuple[str, ...]:
    """What is in the repository or about to be, as paths from its top."""
    if not (TOP / ".git").exists():
        ignored = [line.rstrip("/") for line in (TOP / ".gitignore").read_text().splitlines()]
        found = [shown(path) for path in TOP.rglob("*") if path.is_file()]
        return tuple(name for name in found if not any(hidden(name, one) for one in ignored))
    # The folder may belong to somebody else than who runs the tests.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=True)
    return tuple(name for name in done.stdout.split("\0") if name and (TOP / name).is_file())


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name in tracked():
        data = (TOP / name).read_bytes()
        if b"\0" not in data:
            text = data.decode(errors="replace").splitlines()
            found += [
                f"{name}:{number}" for number, line in enumerate(text, 1) if pattern.search(line)
            ]
    return found


def test_no_function_is_too_long_to_be_read_at_a_glance() -> None:
    assert [f"{name} {lines}" for name, lines in functions(*CODE) if lines > LONGEST_FUNCTION] == []


def test_most_functions_are_small() -> None:
    assert statistics.median(lines for _, lines in functions(*PRODUCT)) <= MEDIAN_FUNCTION


@pytest.mark.parametrize("root", CODE)
def test_no_file_is_too_long(root: str) -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in python_files(root)}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE[root]} == {}


def test_packages_begin_empty() -> None:
    files = [path for path in python_files(*CODE) if path.name == "__init__.py"]
    assert [shown(path) for path in files if path.read_bytes()] == []


def test_golden_files_are_never_edited_and_never_deleted() -> None:
    """New ones are pinned with `cd tests/golden && sha256sum events/*.json > events.sha256`."""
    files = sorted((PINNED.parent / "events").glob("*.json"))
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  events/{path.name}" for path in files
    ]
    assert sorted(sums) == sorted(PINNED.read_text().splitlines())


@pytest.mark.parametrize("name", [projection.name for projection in PROJECTIONS])
def test_every_projection_has_a_test_file(name: str) -> None:
    assert (TOP / "tests" / "projections" / f"test_{name}.py").is_file()


def test_every_part_of_the_settlement_policy_is_tested_by_name() -> None:
    files = list((TOP / "tests").rglob("test_settle*.py"))
    tested = {
        node.id if isinstance(node, ast.Name) else node.attr
        for path in files
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Name | ast.Attribute)
    }
    parts = [node.name for node in tree_of(POLICIES).body if isinstance(node, Function)]
    assert [name for name in parts if not name.startswith("_") and name not in tested] == []


def test_only_the_edge_reads_the_clock() -> None:
    found = []
    for path in python_files(*PRODUCT):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute):
                called = ".".join(ast.unparse(node).split(".")[-2:])
            elif isinstance(node, ast.ImportFrom) and node.module == "time":
                called = next((f"time.{alias.name}" for alias in node.names), "")
            else:
                continue
            if called in CLOCKS and path != CLOCK:
                found.append(f"{shown(path)}:{node.lineno} {called}")
    assert found == []


def test_the_core_imports_nothing_that_is_impure() -> None:
    allowed = (sys.stdlib_module_names | CORE_MAY_IMPORT) - IMPURE
    found = {
        f"{shown(path)}: {name}"
        for path in DOMAIN.rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] not in allowed
    }
    assert found == set()


def test_the_core_reads_and_writes_nothing() -> None:
    found = [
        f"{shown(path)}:{node.lineno} {node.func.id}"
        for path in DOMAIN.rglob("*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in IMPURE_CALLS
    ]
    assert found == []


def test_nothing_is_left_unfinished() -> None:
    assert lines_with(UNFINISHED) == []


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    assert lines_with(MACHINES) == []


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(REGISTRIES) == []


def test_the_top_of_the_repository_holds_what_it_should_and_nothing_else() -> None:
    assert {name.split("/")[0] for name in tracked()} == AT_THE_TOP


def pins(name: str) -> dict[str, str]:
    lines = re.findall(r"^([\w.-]+)==([^ ]+)(.*) \\$", (TOP / name).read_text(), re.MULTILINE)
    return {f"{package}{marker}": version for package, version, marker in lines}


@pytest.mark.parametrize(
    "name", ["requirements.txt", "tests/requirements.txt", "bench/requirements.txt"]
)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    text = (TOP / name).read_text()
    line = re.compile(r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [each for each in text.splitlines() if not line.fullmatch(each)] == []
    assert pins("requirements.txt").items() <= pins(name).items()


def commands(command: Any, path: str) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield path
        return
    for name, part in command.commands.items():
        yield from commands(part, f"{path} {name}")


def test_every_command_is_in_the_documentation() -> None:
    pages = [TOP / "README.md", *(TOP / "docs").rglob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    found = list(commands(typer.main.get_command(app), "loyalty"))
    assert len(found) > 10
    assert [name for name in found if not re.search(rf"{name}(?![\w-])", text)] == []


def test_every_http_route_is_in_the_documentation() -> None:
    text = (TOP / "docs" / "service.md").read_text()
    told = [f"| `{one.method} {one.paths[0]}` | {one.scope} |" for one in every_operation()]
    assert len(told) > 10
    assert [one for one in told if one not in text] == []


def every_operation() -> list[Operation]:
    return [*BY_THEMSELVES, *OPERATIONS]


def test_every_reason_has_a_code_on_the_wire() -> None:
    names = read_names()
    assert all(names.code(reason) for reason in Reason)


@pytest.mark.parametrize("shop", ["burrito", "coffee", "grocer"])
def test_every_example_program_loads(shop: str) -> None:
    load_program(TOP / "docs" / "examples" / f"{shop}.program.yaml")


def test_the_examples_are_these_and_the_samples_programs_are_among_them() -> None:
    folder = TOP / "docs" / "examples"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{shop}.program.yaml" for shop in ("burrito", "coffee", "grocer")]
    for sample, example in (("program", "grocer.program"), ("burrito.program",) * 2):
        assert (SAMPLE / f"{sample}.yaml").read_bytes() == (folder / f"{example}.yaml").read_bytes()
