"""Long series that a decision rarely reads whole: rows packed in pages, each with its sum.

A wallet with 2,000 open lots must settle its next sale as fast as one with 20. Pages stay encoded
until somebody asks for their rows; their summary answers most questions without decoding.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct, msgpack

from loyalty_ledger.domain.values import BEGINNING_OF_TIME, END_OF_TIME, Window

PAGE_ROWS = 64


class Row(Protocol):
    """A row has a moment it is filed under, an amount that is summed, and perhaps a number."""

    @property
    def when(self) -> datetime:
        """The moment the row is filed under."""
        ...

    @property
    def amount(self) -> int:
        """What is summed."""
        ...

    @property
    def number(self) -> int:
        """By which it can be found; 0 where rows have none."""
        ...


R = TypeVar("R", bound=Row)
_ENCODER = msgpack.Encoder()
_DECODERS: dict[type, Callable[[bytes], Any]] = {}


class Page(Struct, frozen=True, array_like=True, gc=False):
    """Encoded rows with their earliest and latest moment, their sum, and the span of numbers."""

    low: datetime
    high: datetime
    total: int
    rows: bytes
    first: int = 0
    last: int = 0


class Pages(Struct, Generic[R], frozen=True, array_like=True, gc=False):
    """A series of rows in the order they were added."""

    pages: tuple[Page, ...] = ()
    tail: tuple[R, ...] = ()
    low: datetime = END_OF_TIME
    total: int = 0

    def add(self, row: R) -> "Pages[R]":
        """The series with one more row at its end."""
        pages, tail = self.pages, (*self.tail, row)
        if len(tail) >= PAGE_ROWS:
            pages, tail = (*pages, _page(tail)), ()
        return Pages(pages, tail, min(self.low, row.when), self.total + row.amount)

    def rows(self, row_type: type[R]) -> Iterator[R]:
        """Every row, oldest addition first."""
        for page in self.pages:
            yield from decoded(page, row_type)
        yield from self.tail

    def newest_first(self, row_type: type[R]) -> Iterator[R]:
        """Every row, latest addition first; pages not reached stay encoded."""
        yield from reversed(self.tail)
        for page in reversed(self.pages):
            yield from reversed(decoded(page, row_type))

    def later_than(self, row_type: type[R], moment: datetime) -> Iterator[R]:
        """The rows filed after the moment; pages without any stay encoded."""
        for page in self.pages:
            if page.high > moment:
                yield from (row for row in decoded(page, row_type) if row.when > moment)
        yield from (row for row in self.tail if row.when > moment)

    def at(self, row_type: type[R], moment: datetime) -> Iterator[R]:
        """The rows filed under the moment; pages that cannot hold any stay encoded."""
        for page in self.pages:
            if page.low <= moment <= page.high:
                yield from (row for row in decoded(page, row_type) if row.when == moment)
        yield from (row for row in self.tail if row.when == moment)

    def numbered(self, row_type: type[R], numbers: Collection[int]) -> Iterator[R]:
        """The rows of these numbers; pages that cannot hold any stay encoded."""
        for page in self.pages:
            if any(page.first <= number <= page.last for number in numbers):
                yield from (x for x in decoded(page, row_type) if x.number in numbers)
        yield from (row for row in self.tail if row.number in numbers)

    def changed(
        self, row_type: type[R], moment: datetime, change: Callable[[R], R | None]
    ) -> "Pages[R]":
        """The series with the rows filed under the moment changed, or gone where None comes back.

        Pages that cannot hold any stay encoded.
        """
        return self._changed(
            row_type,
            lambda page: page.low <= moment <= page.high,
            lambda row: change(row) if row.when == moment else row,
        )

    def renumbered(
        self, row_type: type[R], numbers: Collection[int], change: Callable[[R], R | None]
    ) -> "Pages[R]":
        """The series with the rows of these numbers changed, or gone where None comes back.

        Pages that cannot hold any stay encoded.
        """
        return self._changed(
            row_type,
            lambda page: any(page.first <= number <= page.last for number in numbers),
            lambda row: change(row) if row.number in numbers else row,
        )

    def _changed(
        self,
        row_type: type[R],
        concerned: Callable[[Page], bool],
        change: Callable[[R], R | None],
    ) -> "Pages[R]":
        def after(rows: Iterable[R]) -> tuple[R, ...]:
            return tuple(row for each in rows if (row := change(each)) is not None)

        pages = []
        for page in self.pages:
            if concerned(page):
                rows = after(decoded(page, row_type))
                pages += [_page(rows)] if rows else []
            else:
                pages.append(page)
        tail = after(self.tail)
        lows = [*(page.low for page in pages), *(row.when for row in tail)]
        total = sum(page.total for page in pages) + sum(row.amount for row in tail)
        return Pages(tuple(pages), tail, min(lows, default=END_OF_TIME), total)

    @property
    def high(self) -> datetime:
        """The latest moment that a row is filed under; the beginning of time when there is none."""
        highs = [*(page.high for page in self.pages), *(row.when for row in self.tail)]
        return max(highs, default=BEGINNING_OF_TIME)

    def total_within(self, row_type: type[R], window: Window) -> int:
        """The sum over the rows filed within the window."""
        total = 0
        for page in self.pages:
            if window.covers(page.low, page.high):
                total += page.total
            elif window.touches(page.low, page.high):
                total += _sum(decoded(page, row_type), window)
        return total + _sum(self.tail, window)


def packed(rows: Iterable[R]) -> Pages[R]:
    """A series of these rows."""
    every = tuple(rows)
    full = len(every) - len(every) % PAGE_ROWS
    return Pages(
        tuple(_page(every[start : start + PAGE_ROWS]) for start in range(0, full, PAGE_ROWS)),
        every[full:],
        min((row.when for row in every), default=END_OF_TIME),
        sum(row.amount for row in every),
    )


def decoded(page: Page, row_type: type[R]) -> tuple[R, ...]:
    """The rows of a page."""
    decode = _DECODERS.get(row_type)
    if decode is None:
        decode = _DECODERS[row_type] = msgpack.Decoder(tuple[row_type, ...]).decode  # type: ignore[valid-type]
    rows: tuple[R, ...] = decode(page.rows)
    return rows


def _page(rows: tuple[R, ...]) -> Page:
    moments = [row.when for row in rows]
    numbers = [row.number for row in rows]
    total = sum(row.amount for row in rows)
    encoded = _ENCODER.encode(rows)
    return Page(min(moments), max(moments), total, encoded, min(numbers), max(numbers))


def _sum(rows: tuple[R, ...], window: Window) -> int:
    since, until, holds = window.surely_in, window.until, window.holds
    total = 0
    for row in rows:
        when = row.when
        if since <= when <= until or holds(when):
            total += row.amount
    return total
