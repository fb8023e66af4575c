"""A secret key that can be guessed opens nothing and makes nothing."""

from pathlib import Path
from secrets import token_hex, token_urlsafe

import pytest

from cli.command_line import Said, loyalty
from loyalty_ledger.domain.values import Rejected
from loyalty_ledger.identity import DEFAULTS, MOST_IN_WORDS, WORDS, make_key, read_key
from offers.till import Shop

WEAK = {
    "empty": "",
    "short": "0123456789abcdef0123456789abcde",
    "a default": "changeme",
    "a default, stretched": "change-me--0123456789abcdefghijkl",
    "a default of a file": "REPLACE_THIS with 32 characters or more!",
    "one character": "x" * 64,
    "a few characters": "abc123" * 10,
    "a default, twice": "default-secret-key-default-secret-key",
    "digits counted": "01234567890123456789012345678901",
    "digits counted down": "98765432109876543210987654321098",
    "of a book about tests": "a secret key of the tests, 32 characters or more",
    "of a measurement": "k1-benchbenchbenchbenchbenchbenchbenchbench",
    "of another measurement": "a-key-for-measurements-and-nothing-else",
    "an example": "this-is-an-EXAMPLE-of-a-key-9f3b2c7d",
    "a template's": "your-256-bit-secret-goes-right-here",
    "a warning": "insecure-dev-key-do-not-use-in-prod",
    "the product's name": "loyalty-ledger-development-key-2026",
    "stages": "dev-dev-dev-test-test-test-prod-prod",
    "an admin's, with digits": "admin1234admin5678admin9012admin34",
    "words in capitals": "YOUR_Staging_TOKEN_9f3b2c7d_a8d1e4",
    "the same again": "correct-horse-battery-" * 3,
}


def refused(said: Said) -> bool:
    """Whether the command was refused, and the right way out told."""
    told = said.err.startswith("Refused (validation): ") and "openssl rand -hex 32" in said.err
    return told and (said.code, said.out) == (1, "")


@pytest.mark.parametrize("weak", WEAK.values(), ids=WEAK.keys())
@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["init"], ["work", "--once"]])
def test_a_key_that_can_be_guessed_is_refused_and_what_to_do_is_told(
    shop: Shop, command: list[str], weak: str, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(weak)
    for said in (
        loyalty(shop.url, *command, LOYALTY_SECRET_KEY=weak or " "),
        loyalty(shop.url, *command, "--key-file", key, LOYALTY_SECRET_KEY=""),
    ):
        assert refused(said), said
        assert not weak or weak not in said.err


def test_nothing_is_made_under_a_key_that_can_be_guessed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert refused(loyalty(url, "init", LOYALTY_SECRET_KEY="changeme" * 8))
    assert not (tmp_path / "new.db").exists() or (tmp_path / "new.db").stat().st_size == 0


def test_no_random_key_is_taken_for_one_that_can_be_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3_000):
        for key in (token_hex(32), token_hex(16), token_urlsafe(32)):
            monkeypatch.setenv("LOYALTY_SECRET_KEY", key)
            assert read_key(None) == key.encode(), (number, key)


@pytest.mark.parametrize("length", [32, 43, 44, 64, 88, 128, 256])
def test_random_letters_and_digits_are_hardly_ever_taken_for_words(length: int) -> None:
    """The expected number of ways in which that many letters of such a key are words.

    No fewer than how often any are. Of 62 letters and digits two are the same letter.
    """
    most = max(MOST_IN_WORDS, length // 4)
    ways = [[1.0] + [0.0] * length]
    for place in range(1, length + 1):
        here = ways[-1].copy()
        for word in map(len, WORDS):
            if word <= place:
                for covered in range(word, length + 1):
                    here[covered] += (2 / 62) ** word * ways[place - word][covered - word]
        ways.append(here)
    chance = sum(ways[-1][most + 1 :])
    print(f"{length} characters: {chance:.0e}")
    assert chance < 1e-9


def test_no_key_of_hexadecimal_digits_holds_a_word() -> None:
    assert not [word for word in (*WORDS, *DEFAULTS) if set(word) <= set("0123456789abcdef")]


def test_keys_that_are_made_are_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOYALTY_SECRET_KEY", raising=False)
    for number in range(500):
        path = tmp_path / str(number)
        assert make_key(path)
        try:
            read_key(path)
        except Rejected as refusal:
            raise AssertionError(path.read_text()) from refusal
