"""What becomes of three times as many sales as can be taken in, for half a minute.

    python bench/overload.py [--seconds N] [--json]

As `service.py`, at three times the rate that the service is to take in, over as many connections as
three times what may wait in it, whatever becomes of what was sent before. Afterwards: how soon a
till that sends alone is answered as fast as ever, and whether everything that was accepted is in
the log and settled.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import sending
import service
from sqlalchemy import create_engine, text

from postgres import private_postgres

PER_SECOND, CONNECTIONS = 3 * service.PER_SECOND, 6_000
SECONDS = 30
WITHIN_S = 0.1
IN_A_ROW = 20


def measure(url: str, folder: Path, seconds: int = SECONDS) -> dict[str, Any]:
    """Every figure."""
    environment = {"LOYALTY_DATABASE_URL": url, "LOYALTY_SECRET_KEY": secrets.token_hex(32)}
    service.fill(environment, folder)
    made = service.run(environment, "keys", "create", "bench", "--scope", "operator", "--json")
    auth = (json.loads(made)["key"], json.loads(made)["secret"])
    with service.serving(environment, folder) as address:
        script = sending.lua(folder, auth, PER_SECOND)
        before = arrived(url)
        told = sending.wrk(address, seconds, CONNECTIONS, script, "over")
        normal_s, sent = until_normal(address, auth)
        began = time.perf_counter()
        while not all_settled(environment):
            time.sleep(0.5)
        settled_s = time.perf_counter() - began
    answered = told["per_s"] * seconds
    accepted = answered - told["refused"]
    return {
        "seconds": seconds,
        "offered_per_s": PER_SECOND,
        "answered_per_s": told["per_s"],
        "accepted": accepted,
        "refused": told["refused"],
        "in_the_log": arrived(url) - before - sent,
        "normal_after_s": normal_s,
        "settled_after_s": settled_s,
    }


def arrived(url: str) -> int:
    """How many sales the log has."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        counted = text("SELECT count(*) FROM events WHERE name = 'TransactionReceived'")
        found: int = connection.execute(counted).scalar_one()
    engine.dispose()
    return found


def until_normal(address: str, auth: tuple[str, str]) -> tuple[float, int]:
    """The seconds until many sales in a row were taken in at once, and how many were sent."""
    began, row, number = time.perf_counter(), 0, 0
    with httpx.Client(base_url=address, auth=auth, timeout=30) as till:
        while row < IN_A_ROW:
            number += 1
            if row == 0:
                normal_s = time.perf_counter() - began
            name = f"after-{number}"
            asked = sending.body(name, sending.basket(name))
            sent = time.perf_counter()
            answer = till.post("/api/2.0/send_transaction", json=asked)
            quick = time.perf_counter() - sent < WITHIN_S
            row = row + 1 if quick and answer.status_code == 200 else 0
    return normal_s, number


def all_settled(environment: dict[str, str]) -> bool:
    """Whether no sale waits to be settled."""
    told = json.loads(service.run(environment, "status", "--json"))
    return all(one["lag"] == 0 for one in told["readers"] if one["name"] == "settlement")


def show(found: dict[str, Any]) -> None:
    """The figures for people."""
    print(
        f"Overload for {found['seconds']} s: {found['offered_per_s']:,} sales a second offered,"
        f" {found['answered_per_s']:,.0f} answered;"
        f" {found['accepted']:,.0f} accepted, {found['refused']:,.0f} refused;"
        f" {found['in_the_log']:,} in the log; as quick as ever after"
        f" {found['normal_after_s']:.1f} s, all settled after {found['settled_after_s']:.0f} s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with private_postgres() as server, tempfile.TemporaryDirectory() as folder:
        found = measure(server.url, Path(folder), given.seconds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found)


if __name__ == "__main__":
    main()
