"""The same job the plain `eventsourcing` way: how fast is the library, used as its docs show?

    python bench/baseline.py --data DIR [--first 3000] [--program F] [--out G]

`Intake` saves one aggregate per sale. `Settlement`, a process application, follows it and saves
each sale's outcome together with its position. `Views`, a materialised view in SQL, follows
Settlement one event at a time. It is run one stage after the other, and with the three stages in
processes of their own; the faster counts. All that is done twice: with the library as it comes, and
with its aggregate cache. Everything is durable, on a private PostgreSQL, and what each run gives is
compared with the reference household by household: exit 1 when one differs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from itertools import islice
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from baseline_settlement import Intake, Settlement, Terms
from baseline_views import Follow, Views, results_of
from eventsourcing.projection import ProjectionRunner
from reference import read_items, replay
from reference_sales import records

from postgres import Server, private_postgres

GROCER = Path(__file__).resolve().parent.parent / "docs" / "examples" / "grocer.program.yaml"
PROJECTION_DEADLINE_S = 3600.0
START_DEADLINE_S = 120.0


CACHED = {
    # One process writes these aggregates, so that its cache is always right and needs neither a
    # look at the database nor a copy.
    "AGGREGATE_CACHE_MAXSIZE": "100000",
    "AGGREGATE_CACHE_FASTFORWARD": "n",
    "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",
}


def environment(server: Server, settings: dict[str, str]) -> dict[str, str]:
    """Return the library's settings for its own PostgreSQL recorders, over TCP."""
    return settings | {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": "postgres",
        "POSTGRES_HOST": server.host,
        "POSTGRES_PORT": str(server.port),
        "POSTGRES_USER": server.user,
        "POSTGRES_PASSWORD": server.password,
    }


def prepare(folder: Path, program: Path) -> None:
    """Read the program, the catalog and the stores: not part of what is measured."""
    zones = {s["store_id"]: ZoneInfo(s["time_zone"]) for s in records(folder / "stores.jsonl")}
    Settlement.terms = Terms(yaml.safe_load(program.read_text()), read_items(folder), zones)


def read_bodies(folder: Path, first: int) -> list[dict[str, Any]]:
    """Return the first bodies of a folder."""
    return list(islice(records(folder / "transactions.jsonl"), first))


def one_by_one(folder: Path, first: int, env: dict[str, str]) -> dict[str, float]:
    """Load, then settle, then project; return the seconds of each."""
    bodies = read_bodies(folder, first)
    with Intake(env) as intake, Settlement(env) as settlement:
        started = time.perf_counter()
        for body in bodies:
            intake.receive(body)
        loaded = time.perf_counter()
        settlement.follow(Intake.name, intake.notification_log)
        settlement.pull_and_process(Intake.name)
        settled = time.perf_counter()
        last = settlement.recorder.max_notification_id()
    opened = time.perf_counter()
    with _projecting(env) as runner:
        runner.wait(_last_shown(runner.app, last), timeout=PROJECTION_DEADLINE_S)
        projected = time.perf_counter()
    return {"load": loaded - started, "settle": settled - loaded, "project": projected - opened}


def together(folder: Path, program: Path, first: int, env: dict[str, str]) -> float:
    """Load, settle and project at once, in three processes; return the seconds it all takes."""
    with Intake(env), Settlement(env), _projecting(env) as runner:
        spawn = multiprocessing.get_context("spawn")
        ready = spawn.Barrier(3, timeout=START_DEADLINE_S)
        sides = [
            spawn.Process(target=_load, args=(ready, folder, first, env)),
            spawn.Process(target=_settle, args=(ready, folder, program, first, env)),
        ]
        for side in sides:
            side.start()
        ready.wait()
        started = time.perf_counter()
        for side in sides:
            side.join()
        if any(side.exitcode for side in sides):
            raise RuntimeError("a process of the baseline failed")
        last = runner.app.recorder.max_notification_id()
        runner.wait(_last_shown(runner.app, last), timeout=PROJECTION_DEADLINE_S)
        return time.perf_counter() - started


def _load(ready: Barrier, folder: Path, first: int, env: dict[str, str]) -> None:
    bodies = read_bodies(folder, first)
    with Intake(env) as intake:
        ready.wait()
        for body in bodies:
            intake.receive(body)


def _settle(ready: Barrier, folder: Path, program: Path, first: int, env: dict[str, str]) -> None:
    prepare(folder, program)
    with Intake(env) as intake, Settlement(env) as settlement:
        settlement.follow(Intake.name, intake.notification_log)
        ready.wait()
        while (settlement.recorder.max_tracking_id(Intake.name) or 0) < first:
            settlement.pull_and_process(Intake.name)


def _projecting(env: dict[str, str]) -> ProjectionRunner[Settlement, Views]:
    return ProjectionRunner(
        application_class=Settlement, projection_class=Follow, view_class=Views, env=env
    )


def shown(env: dict[str, str]) -> dict[str, Any]:
    """Return what the views say of each customer, in the reference's form."""
    with _projecting(env) as runner:
        return results_of(runner.projection.view)


def _last_shown(app: Settlement, last: int | None) -> int | None:
    """Return the position of the last event that a view follows."""
    for position in range(last or 0, 0, -1):
        if app.recorder.select_notifications(start=position, limit=1)[0].topic in Follow.topics:
            return position
    return None


def report(seconds: dict[str, float], at_once: float, count: int, version: str) -> dict[str, Any]:
    """Return the speeds, and what they were measured on."""
    spent = {**seconds, "one_by_one": sum(seconds.values()), "together": at_once}
    return {
        "transactions": count,
        "seconds": {stage: round(time_s, 3) for stage, time_s in spent.items()},
        "per_second": {stage: round(count / time_s, 1) for stage, time_s in spent.items()},
        "end_to_end_per_second": round(count / min(spent["one_by_one"], at_once), 1),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "postgresql": version,
        },
    }


def measure(
    folder: Path, program: Path, first: int, settings: dict[str, str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Measure both ways on a fresh server each; return the report and what both ways gave."""
    count = len(read_bodies(folder, first))
    with private_postgres() as server:
        env = environment(server, settings)
        seconds = one_by_one(folder, first, env)
        results = [shown(env)]
    with private_postgres() as server:
        env = environment(server, settings)
        at_once = together(folder, program, count, env)
        results.append(shown(env))
    return report(seconds, at_once, count, server.version), results


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=GROCER)
    parser.add_argument("--first", type=int, default=3000, help="how many sales")
    parser.add_argument("--out", type=Path, help="where to write the JSON too")
    options = parser.parse_args()
    prepare(options.data, options.program)
    summary: dict[str, Any] = {}
    results = []
    for name, settings in (("plain", {}), ("cached", CACHED)):
        summary[name], gave = measure(options.data, options.program, options.first, settings)
        results += gave
    expected = replay(options.data, options.program, options.first, None)["households"]
    wrong = {
        one for got in results for one in {*expected, *got} if expected.get(one) != got.get(one)
    }
    summary |= {"households": len(expected), "households_that_differ": sorted(wrong)}
    text = json.dumps(summary, indent=1)
    if options.out:
        options.out.write_text(text + "\n")
    print(text)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
