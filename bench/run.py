"""Everything that is measured, in one run: `make bench`.

    python bench/run.py [--data DIR] [--sales N] [--baseline N] [--programs] [--only NAME]
    python bench/run.py --returns SEED [--data DIR] [--sales N]

The whole year under the grocer program on a durable PostgreSQL, compared with the reference
household by household; the same job the plain `eventsourcing` way, as a ratio; what a sale costs a
customer with a long history, as a ratio; how long a till waits for an offer; what the service takes
in. Exit 1 when a household differs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import history
import overload
import promotions
import returns
import sending
import service
import year

import offers
from postgres import Server, private_postgres

HERE = Path(__file__).resolve().parent
GROCER = HERE.parent / "docs" / "examples" / "grocer.program.yaml"
OTHERS = sorted((HERE / "programs").glob("*.program.yaml"))
SAMPLE = HERE.parent / "src" / "loyalty_ledger" / "sample"
SALES = 155_848
PARTS: dict[str, Any] = {
    "offers": offers,
    "offers_without_pause": offers,
    "service": service,
    "overload": overload,
}


def script(*arguments: str) -> str:
    """Run one of the scripts beside this one."""
    return subprocess.run(
        [sys.executable, str(HERE / arguments[0]), *arguments[1:]],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def data_in(folder: Path) -> Path:
    """The year as files, made when they are not there."""
    if not (folder / "transactions.jsonl.gz").exists():
        print("making the year's files", flush=True)
        script("journey.py", "year", "--to", str(folder))
    return folder


def first(data: Path, sales: int, folder: Path) -> Path:
    """The first sales of the year as a file; the whole file when all are asked for."""
    whole = data / "transactions.jsonl.gz"
    if sales >= SALES:
        return whole
    part = folder / "transactions.jsonl.gz"
    with gzip.open(whole) as lines, gzip.open(part, "wb", 1) as out:
        out.writelines(islice(lines, sales))
    return part


def reference(data: Path, program: Path, sales: int, folder: Path) -> dict[str, Any]:
    """What every household must have, worked out without the product."""
    out = folder / "reference.json"
    arguments = ["--data", str(data), "--program", str(program), "--out", str(out)]
    script("reference.py", *arguments, "--first", str(sales), "--until", year.UNTIL)
    expected: dict[str, Any] = json.loads(out.read_text())
    return expected


def whole_year(
    server: Server, data: Path, program: Path, sales: int, folder: Path
) -> dict[str, Any]:
    """Run the year under a program and compare it with the reference."""
    url = server.create_database(program.name.split(".")[0])
    year.prepare(url, data, program)
    ran = year.run(url, first(data, sales, folder))
    expected = reference(data, program, sales, folder)
    got = year.results(url, folder)
    households = expected["households"]
    wrong = [name for name in {*got, *households} if got.get(name) != households.get(name)]
    verified = year.loyalty(url, "verify") if program == GROCER else ""
    return {
        "program": program.name,
        "transactions": ran.transactions,
        "seconds": round(ran.seconds, 1),
        "load_seconds": round(ran.load_seconds, 1),
        "transactions_per_second": round(ran.per_second),
        "worker_peak_mb": round(ran.worker_peak_mb),
        "totals": expected["totals"],
        "households": len(households),
        "households_that_differ": sorted(wrong),
        "verify": verified.splitlines()[-1:],
    }


def with_returns(server: Server, data: Path, sales: int, seed: int, folder: Path) -> dict[str, Any]:
    """Run the year with returns in it, under the grocer program: no reference knows them."""
    url = server.create_database("returns")
    year.prepare(url, data, GROCER)
    told = folder / "returns.jsonl.gz"
    versions = returns.write(first(data, sales, folder), seed, told)
    ran = year.run(url, told, until=year.ALL_IS_IN)
    return {
        "program": GROCER.name,
        "seed": seed,
        "versions": versions,
        "transactions": ran.transactions,
        "seconds": round(ran.seconds, 1),
        "load_seconds": round(ran.load_seconds, 1),
        "transactions_per_second": round(ran.per_second),
        "worker_peak_mb": round(ran.worker_peak_mb),
        "counts": year.counts(url),
        "verify": year.loyalty(url, "verify").splitlines()[-1:],
    }


def over_http(server: Server, folder: Path) -> dict[str, Any]:
    """What the service takes in, and what becomes of too much; nothing where that can't be sent."""
    if not sending.can_be_measured():
        return {}
    return {
        "service": service.measure(server.create_database("service"), folder),
        "overload": overload.measure(server.create_database("overload"), folder),
    }


def machine(server: Server) -> dict[str, Any]:
    """What it was measured on."""
    with Path("/proc/cpuinfo").open() as lines:
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": len(models),
        "python": platform.python_version(),
        "postgresql": server.version,
        "durable": "fsync=on, synchronous_commit=on",
    }


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--sales", type=int, default=SALES, help="only the first so many")
    parser.add_argument("--baseline", type=int, default=9999, help="sales of the baseline; 0: none")
    parser.add_argument("--programs", action="store_true", help="compare other programs as well")
    parser.add_argument("--returns", type=int, help="the year with returns by this seed, alone")
    parser.add_argument("--only", help="this one of the programs alone, and nothing else")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bench.json")
    return parser.parse_args()


def chosen(asked: argparse.Namespace) -> list[Path]:
    """The programs to run the year under."""
    if asked.only:
        return [one for one in (GROCER, *OTHERS) if one.name.startswith(f"{asked.only}.")]
    return [GROCER, *(OTHERS if asked.programs else ())]


def main() -> None:
    """Measure, print, and write down."""
    asked = options()
    data = data_in(asked.data)
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name, private_postgres() as server:
        folder = Path(name)
        report["machine"] = machine(server)
        if asked.returns is not None:
            report["returns"] = with_returns(server, data, asked.sales, asked.returns, folder)
            report["history"] = history.measure(server.create_database("history"), GROCER)
            write(report, asked.out)
            return
        report["year"] = [
            whole_year(server, data, one, asked.sales, folder) for one in chosen(asked)
        ]
        print(json.dumps(report, indent=1), flush=True)
        if not asked.only:
            report["history"] = history.measure(server.create_database("history"), GROCER)
            tills = server.create_database("tills")
            report["offers"] = offers.measure(tills, pause_ms=offers.PAUSE_MS)
            report["promo_codes"] = [
                promotions.measure(server.create_database("codes")),
                promotions.measure(f"sqlite:///{folder}/codes.db"),
            ]
            report["offers_without_pause"] = offers.measure(server.create_database("crowd"))
            report |= over_http(server, folder)
    if asked.baseline and not asked.only:
        told = script("baseline.py", "--data", str(SAMPLE), "--first", str(asked.baseline))
        report["baseline"] = json.loads(told)
        ours = report["year"][0]["transactions_per_second"]
        for way in ("plain", "cached"):
            rate = report["baseline"][way]["end_to_end_per_second"]
            report[f"times_the_{way}_baseline"] = round(ours / rate, 1)
    write(report, asked.out)
    raise SystemExit(any(one["households_that_differ"] for one in report["year"]))


def write(report: dict[str, Any], out: Path) -> None:
    """Write down, and print."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    show(report)


def show(report: dict[str, Any]) -> None:
    """The figures a reader wants first."""
    print("\nOn", ", ".join(f"{key} {value}" for key, value in report["machine"].items()))
    if "returns" in report:
        one = report["returns"]
        print(
            f"{one['program']} with returns: {one['transactions']:,} versions in"
            f" {one['seconds']} s, {one['transactions_per_second']:,} a second end to end;"
            f" worker peak {one['worker_peak_mb']} MB; {one['counts']}; {one['verify']}"
        )
    for one in report.get("year", []):
        print(
            f"{one['program']}: {one['transactions']:,} sales in {one['seconds']} s,"
            f" {one['transactions_per_second']:,} a second end to end; worker peak"
            f" {one['worker_peak_mb']} MB; {len(one['households_that_differ'])} of"
            f" {one['households']:,} households differ from the reference; {one['verify']}"
        )
    for name, part in PARTS.items():
        if name in report:
            part.show(report[name])
    for line in report.get("promo_codes", ()):
        print(line)
    for name, one in report.get("history", {}).items():
        print(f"a {name} after 2,000 sales costs {one['ratio']:.2f} times one after 20")
    if "baseline" in report:
        for way in ("plain", "cached"):
            rate = report["baseline"][way]["end_to_end_per_second"]
            times = report[f"times_the_{way}_baseline"]
            print(f"eventsourcing, {way}: {rate} a second; ours is {times} times that")


if __name__ == "__main__":
    main()
