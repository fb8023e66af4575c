"""`loyalty demo`: everything in a minute, on any terminal and piped."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from faults.processes import PATIENCE_S


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shown(folder: Path) -> str:
    """What the demo prints into a pipe."""
    return loyalty(folder, "demo")


def loyalty(folder: Path, *arguments: str) -> str:
    scripts = str(Path(sys.executable).parent)
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("LOYALTY", "COLUMNS"))}
    done = subprocess.run(
        [sys.executable, "-m", "loyalty_ledger", *arguments],
        cwd=folder,
        env=variables | {"PATH": os.pathsep.join((scripts, os.environ["PATH"]))},
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_no_line_is_wider_than_80_columns(shown: str) -> None:
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    assert "\x1b" not in shown


def test_it_shows_what_was_loaded_three_customers_movements_and_the_books(shown: str) -> None:
    assert re.search(r"transactions +4,097", shown)
    assert len(re.findall(r"^Customer c\w+ \(external:\d+\)", shown, re.MULTILINE)) == 3
    movements = shown[shown.index("The last 10 movements") :].split("\n\n")[0]
    assert len(re.findall(r"^2017-\d\d-\d\d", movements, re.MULTILINE)) == 10
    assert len(re.findall(r"\d+/\d+@1$", movements, re.MULTILINE)) == 10, "the causes"
    balance = shown[shown.index("Trial balance") :].split("\n\n")[0].splitlines()
    assert [line.split()[-1] for line in balance[2:]] == ["0"] * len(balance[2:])


def test_it_plays_the_journeys_step_by_step(shown: str) -> None:
    assert list(dict.fromkeys(re.findall(r"^Journey (\d)", shown, re.M))) == [*"12345"]
    first = part(shown, "Journey 1", "Journey 2")
    assert numbers(first) == [1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18]
    assert re.search(r"^  18  ledger .* 495  ISSUED *$", first, re.M)
    second = part(shown, "Journey 2", "Journey 3")
    assert numbers(second) == [*range(1, 16), 17, *range(19, 28)]
    assert re.search(r"^  21  ledger .* 50 +0  REDEEMED *$", second, re.M)
    third = part(shown, "Journey 3", "Journey 4")
    points_variant = [1, 2, 3, *range(6, 16), 17, *range(19, 28)]
    assert numbers(third) == [*range(1, 11), *range(15, 23), *points_variant]
    assert re.search(r"^   9  ledger .* REDEEMED *$", third, re.M)
    fourth = part(shown, "Journey 4", "Journey 5")
    found = numbers(fourth)
    assert found[:4] == [1, 2, 3, 4] and found[-8:] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert "moves Ann from mild to medium" in fourth


def test_it_finishes_a_sale_with_each_option_then_unlocks_and_reinstates(shown: str) -> None:
    fifth = part(shown, "Journey 5", "The same over HTTP")
    titles = re.findall(r"^Journey 5.*\. (.+)$", fifth, re.M)
    assert titles == [
        "Option 1: no offer",
        "Option 2A: lock an offer",
        "Option 2B: redeem at once",
        "Unlock",
        "Reinstate",
        "A changed version",
        "A void",
        "A return within twelve months",
        "A return beyond twelve months",
    ]
    rest = [7, 8, 9, 10, 11, 12, 13]
    assert numbers(fifth) == [1, 2, *rest, 1, 3, 5, 6, *rest, 1, 4, 5, 6, *rest]
    assert "refuses, offer_locked" in fifth and "B ISSUED, C ISSUED" in fifth
    assert "A ISSUED, B REVOKED, C ISSUED" in fifth and "and nothing moves" in fifth


def part(text: str, begins: str, ends: str) -> str:
    return text[text.index(begins) : text.index(ends)]


def numbers(text: str) -> list[int]:
    return [
        int(number) for number in re.findall(r"^ +(\d+)  (?:customer|app|till|ledger) ", text, re.M)
    ]


def test_it_serves_the_ledger_over_http_and_asks_it_by_the_client(shown: str) -> None:
    rows = part(shown, "The same over HTTP", "This ledger stays").splitlines()[2:]
    calls = ["lookup", "send_transaction", "the same again", "lookup, once it is settled"]
    assert [re.split(" {2,}", row)[0] for row in rows if row.strip()] == calls
    before, after = (re.findall(r"(\d+) Points", row) for row in (rows[0], rows[3]))
    assert int(after[0]) - int(before[0]) == 350, "28.00 at 10 points a dollar, a quarter more"


def test_the_two_commands_to_type_next_work(shown: str, folder: Path) -> None:
    typed = shown[shown.index("to type next") :].replace("\\\n", "")
    commands = re.findall(r"^  loyalty (.+)$", typed, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert loyalty(folder, *command.split())
