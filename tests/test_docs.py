"""What the documentation shows is run: CONTRIBUTING.md says how to mark it."""

import contextlib
import io
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from loyalty_ledger.cli import app
from loyalty_ledger.program_file import parse_program
from loyalty_ledger.store.roles import grants

TOP = Path(__file__).parents[1]
SAMPLE = Path("src") / "loyalty_ledger" / "sample"
EXAMPLES = Path("docs") / "examples"
GROCER = EXAMPLES / "grocer.program.yaml"
PAGES = sorted(
    page.relative_to(TOP).as_posix()
    for page in (*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md"))
    if page.name != "CHANGELOG.md"
)
SAMPLE_LEDGER = (
    "loyalty init",
    f"loyalty load stores {SAMPLE}/stores.jsonl.gz",
    f"loyalty load catalog {SAMPLE}/catalog.jsonl.gz",
    f"loyalty program publish {GROCER}",
    f"loyalty load transactions {SAMPLE}/transactions.jsonl.gz",
    "loyalty work --once --until 2018-01-02T06:00:00",
)
RUN = {"console", "python", "yaml"}
SHOWN = {"text", "json", "jsonl", "sql", "ini", "mermaid"}
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*) -->\n\n?)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S
)
NOT_RUN = re.compile(r"not run: \w.*")
EMPTY_FOLDER = "in an empty folder"


class Block(NamedTuple):
    """A fenced block of a page and the mark before it."""

    page: str
    line: int
    mark: str
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in RUN and not NOT_RUN.fullmatch(self.mark)


class Command(NamedTuple):
    """A command line of a console block and the lines of output shown for it."""

    line: str
    output: list[str]


def blocks(page: str) -> list[Block]:
    text = (TOP / page).read_text()
    return [
        Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["mark"] or "",
            match["language"],
            match["text"],
        )
        for match in BLOCK.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    found: list[Command] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:].strip(), []))
        elif line.strip() not in ("", "…", "..."):
            assert found, f"{block.place}: a console block begins with a command: $ ..."
            found[-1].output.append(line)
    return found


def prepared(folder: Path) -> Path:
    """A folder with what a reader of the documentation has at hand."""
    for part in (SAMPLE, EXAMPLES):
        shutil.copytree(TOP / part, folder / part)
    mine = (TOP / GROCER).read_text().replace("\nname: ", "\nname: My ", 1)
    for name in ("club.program.yaml", "new.yaml"):
        (folder / name).write_text(mine)
    shutil.copy(TOP / GROCER, folder / "old.yaml")
    return folder


def loyalty(line: str, folder: Path) -> tuple[int, str]:
    """Run the command here, as starting Python each time would take most of the time."""
    arguments = shlex.split(line, comments=True)
    target = arguments[-1] if arguments[-2:-1] == [">"] else None
    out, err = io.StringIO(), io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(folder),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(os, "nice", lambda _by: 0)  # the tests after this one need not give way
        patch.setattr(sys, "argv", arguments[:-2] if target else arguments)
        patch.setenv("COLUMNS", "80")
        for name in ("LOYALTY_DATABASE_URL", "LOYALTY_SECRET_KEY"):
            patch.delenv(name, raising=False)
        try:
            app.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    signal.signal(signal.SIGTERM, before)
    if target:
        (folder / target).write_text(out.getvalue())
        out = io.StringIO()
    return code, out.getvalue() + err.getvalue()


def check_command(command: Command, folder: Path, place: str) -> None:
    """It does what is shown; `# exits 1` behind it says how it ends, if not well."""
    code, said = loyalty(command.line, folder)
    expected = int(m[1]) if (m := re.search(r"# exits (\d)$", command.line)) else 0
    assert code == expected, f"{place}: {command.line}\n{said}"
    plain = [" ".join(line.split()) for line in said.splitlines()]
    for line in command.output:
        assert any(" ".join(line.split()) in each for each in plain), f"{place}: {line}\n{said}"


def check(block: Block, folder: Path) -> None:
    if block.language == "yaml":
        parse_program(block.text.encode())
    elif block.language == "python":
        python = [sys.executable, "-c", block.text]
        done = subprocess.run(python, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block.place}\n{done.stderr}"
    else:
        for command in commands(block):
            tool, *_ = command.line.split()
            if tool == "make":
                known = re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
                assert command.line.split()[1] in known, f"{block.place}: {command.line}"
            else:
                assert tool == "loyalty", f"{block.place}: mark it as not run: {command.line}"
                check_command(command, folder, block.place)


@pytest.fixture(scope="module")
def sample_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger of the sample in it, made as a reader would make it."""
    folder = prepared(tmp_path_factory.mktemp("sample"))
    for line in SAMPLE_LEDGER:
        check_command(Command(line, []), folder, "the sample's ledger")
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.runs for b in blocks(page))])
def test_what_a_page_shows_can_be_done(page: str, sample_ledger: Path, tmp_path: Path) -> None:
    with_ledger = tmp_path / "with-ledger"
    shutil.copytree(sample_ledger, with_ledger)
    empty = prepared(tmp_path / "empty")
    for block in blocks(page):
        if block.runs:
            check(block, empty if block.mark == EMPTY_FOLDER else with_ledger)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    """A language that is run or one that is only shown, and no mark that means nothing."""
    for block in blocks(page):
        assert block.language in RUN | SHOWN, f"{block.place}: {block.language or 'no language'}"
        if block.language in RUN and block.mark:
            known = NOT_RUN.fullmatch(block.mark) or block.mark == EMPTY_FOLDER
            assert known, f"{block.place}: {block.mark}"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_ends_and_every_command_stands_in_one(page: str) -> None:
    in_one, before = False, ""
    for number, line in enumerate((TOP / page).read_text().splitlines(), 1):
        in_one ^= line.startswith("```")
        outside = f"{page}:{number}: {line}"
        assert in_one or not line.startswith("$ "), outside
        assert in_one or not (line.startswith("#") and before), outside
        before = line
    assert not in_one, page


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", (TOP / page).read_text())
    missing = [target for target in targets if not ((TOP / page).parent / target).exists()]
    assert missing == []


def test_the_rights_of_the_services_role_are_those_that_are_documented() -> None:
    text = (TOP / "docs" / "operations.md").read_text().replace('"', "")
    wanted = [statement.replace('"', "") for statement in grants("loyalty")]
    assert [statement for statement in wanted if f"{statement};" not in text] == []
