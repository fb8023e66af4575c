"""Lists of promo codes of one claim each: made here, or taken over from others.

Codes are kept as keyed hashes only. A generated list stands in its file before it is valid: under
the name FILE.pending until it is, so that a file of that name after a crash says what to do, which
is to ask again: the codes in it are then made valid, if they are not yet.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from loyalty_ledger.asking import rulebook_in_force
from loyalty_ledger.deciding import PATIENCE, Reading
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.promotions import PromoCodesAdded
from loyalty_ledger.domain.promo_code import batch_name
from loyalty_ledger.domain.rules import Rulebook
from loyalty_ledger.domain.streams import PROGRAM, promo_batch
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import PROMO_CODE_LENGTH, Keyring, make_promo_codes
from loyalty_ledger.lines import Line
from loyalty_ledger.sent import LONGEST_TEXT, is_printable
from loyalty_ledger.settlement import Settlement
from loyalty_ledger.states import States, add_draft
from loyalty_ledger.store.log import Busy, Conflict, Log

MOST_AT_ONCE = 1_000_000
_HASHED_AT_ONCE = 10_000
Progress = Callable[[int, int], None]


class Generated(NamedTuple):
    """A batch of codes that is valid, and the file they stand in."""

    promotion: str
    batch: str
    codes: int
    file: Path


class PromoLists:
    """Adds codes to promotions."""

    def __init__(
        self,
        log: Log,
        states: States,
        settlement: Settlement,
        keyring: Keyring,
        clock: Callable[[], datetime],
    ):
        self._log = log
        self._states = states
        self._settlement = settlement
        self._keyring = keyring
        self._clock = clock

    def generate(
        self, promotion: str, count: int, file: Path, by: Actor, progress: Progress
    ) -> Generated:
        """Make `count` new codes, valid once they stand in the file, one a line.

        Rejected when the file is there already: codes are written out once.
        """
        self._check(promotion, "single_use")
        if not 1 <= count <= MOST_AT_ONCE:
            message = f"count must be from 1 to {MOST_AT_ONCE}, not {count}"
            raise Rejected(Reason.VALIDATION, message, {"count": count})
        if file.exists():
            message = f"{file} is there already: name a new file"
            raise Rejected(Reason.VALIDATION, message, {"out": str(file)})
        pending = file.with_name(file.name + ".pending")
        digests = self._written(pending, count, progress)
        batch = self._add(promotion, digests, True, by)
        os.replace(pending, file)
        _sync(file.parent)
        return Generated(promotion, batch, count, file)

    def _written(self, pending: Path, count: int, progress: Progress) -> list[bytes]:
        """Write the codes to the pending file, or find them there; their keyed hashes."""
        digests = self._hashes(pending, progress) if pending.exists() else []
        if len(digests) == count:
            return digests
        if digests and self._log.code_batches(digests[:1]):
            message = f"{pending} holds {len(digests)} codes that are valid: ask for as many"
            raise Rejected(Reason.VALIDATION, message, {"count": len(digests)})
        pending.unlink(missing_ok=True)
        descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.writelines(f"{code}\n" for code in make_promo_codes(count))
            out.flush()
            os.fsync(out.fileno())
        _sync(pending.parent)
        return self._hashes(pending, progress)

    def _hashes(self, pending: Path, progress: Progress) -> list[bytes]:
        """The keyed hashes of the codes in a file, ascending."""
        size, digests = pending.stat().st_size, list[bytes]()
        with pending.open("rb") as lines:
            made = self._keyring.promo_digests(line[:PROMO_CODE_LENGTH] for line in lines)
            while some := list(islice(made, _HASHED_AT_ONCE)):
                digests += some
                progress(len(digests) * (PROMO_CODE_LENGTH + 1), size)
        digests.sort()
        return digests

    def take_over(self, promotion: str, lines: Sequence[Line], by: Actor) -> list[bool | Rejected]:
        """Add codes of a list by others: True for a new one, False for one that is there."""
        self._check(promotion, "third_party")
        for _ in range(PATIENCE):
            answers = self._taken_over(promotion, lines, by)
            if answers is not None:
                return answers
        raise Busy

    def _taken_over(
        self, promotion: str, lines: Sequence[Line], by: Actor
    ) -> list[bool | Rejected] | None:
        """None when somebody else added one of them meanwhile."""
        read = [_read(line) for line in lines]
        digests = [
            None if isinstance(one, Rejected) else self._keyring.listed_digest(one) for one in read
        ]
        known = self._log.code_batches(list({one for one in digests if one is not None}))
        answers: list[bool | Rejected] = []
        new: dict[bytes, None] = {}
        for one, digest in zip(read, digests, strict=True):
            if isinstance(one, Rejected) or digest is None:
                answers.append(_unreadable() if digest is None else True)
            elif digest in known and known[digest].partition("/")[0] != promotion:
                answers.append(_belongs_elsewhere(known[digest].partition("/")[0]))
            else:
                answers.append(digest not in known and digest not in new)
                if digest not in known:
                    new[digest] = None
        try:
            if new:
                self._add(promotion, sorted(new), False, by)
        except Conflict:
            return None
        return answers

    def _add(self, promotion: str, digests: list[bytes], generated: bool, by: Actor) -> str:
        """Make a batch of codes valid, all or none; one that is valid already stays so."""
        batch = batch_name(promotion, hashlib.sha256(b"".join(digests)).hexdigest())
        stream = promo_batch(batch)
        for _ in range(PATIENCE):
            reading = Reading(self._states)
            reading.get([PROGRAM, stream])
            if reading.state(stream).count:
                return batch
            draft = reading.draft()
            event = PromoCodesAdded(
                at=self._clock(),
                promotion=promotion,
                batch=batch,
                count=len(digests),
                generated=generated,
                program_version=reading.state(PROGRAM).version,
                by=by,
            )
            draft.emit(stream, event)
            if self._appended(reading, draft, batch, digests):
                return batch
        raise Busy

    def _appended(
        self, reading: Reading, draft: Draft, batch: str, digests: Sequence[bytes]
    ) -> bool:
        commit, after = self._states.commit(reading.found), dict(reading.found)
        add_draft(commit, after, draft)
        commit.codes = batch, digests
        try:
            self._states.append(commit, after)
        except Conflict as conflict:
            self._states.drop(reading.found)
            if (
                not conflict.streams
                and not self._states.get([promo_batch(batch)])[promo_batch(batch)].count
            ):
                raise
            return False
        return True

    def _check(self, promotion: str, kind: str) -> Rulebook:
        """Rejected when the program in force has no such promotion of that kind."""
        rulebook = rulebook_in_force(self._settlement, Reading(self._states))
        for one in rulebook.program.promotions:
            if one.id == promotion and one.kind == kind:
                return rulebook
        names = [one.id for one in rulebook.program.promotions if one.kind == kind]
        message = f"{promotion} is no {kind} promotion: there is {', '.join(names) or 'none'}"
        raise Rejected(Reason.VALIDATION, message, {"promotion": promotion})


def _read(line: Line) -> str | Rejected:
    try:
        code = line.body.decode().strip()
    except UnicodeDecodeError:
        return _unreadable()
    return code if is_printable(code) and len(code) <= LONGEST_TEXT else _unreadable()


def _unreadable() -> Rejected:
    message = f"a code must be text of 1 to {LONGEST_TEXT} printable characters, one a line"
    return Rejected(Reason.VALIDATION, message)


def _belongs_elsewhere(promotion: str) -> Rejected:
    return Rejected(Reason.VALIDATION, f"it is a code of {promotion} already: a code is of one")


def _sync(folder: Path) -> None:
    """What a folder says of its files is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
