"""How much the HTTP service takes in, and how long tills and apps wait meanwhile.

    python bench/service.py [--seconds N] [--connections N] [--json]

On a durable PostgreSQL, `loyalty serve` alone and then with `loyalty work` beside it, over the
package's sample. Sales of twenty lines are sent by `wrk` (it must be installed), each new, without
and with one till that locks offers and one app that reads wallets. A route that does nothing is
measured first in the same two ways, for comparison: nothing on this machine is faster than that.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import sending

from postgres import private_postgres

LOYALTY = str(Path(sys.executable).with_name("loyalty"))
OFFER = """
offers:
  - {id: five-off, title: Five off, discount: {kind: amount_off_check, amount: "5.00"}}
"""
NICE = "10"
SECONDS, CONNECTIONS = 15, 64
PER_SECOND = 1_500
WALLET = "/api/1.0/user_points/all_balances"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not sending.can_be_measured():
        return 2
    with private_postgres() as server, tempfile.TemporaryDirectory() as folder:
        found = measure(server.url, Path(folder), given.seconds, given.connections)
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0


def measure(
    url: str, folder: Path, seconds: int = SECONDS, connections: int = CONNECTIONS
) -> dict[str, Any]:
    """Every figure."""
    environment = {"LOYALTY_DATABASE_URL": url, "LOYALTY_SECRET_KEY": secrets.token_hex(32)}
    fill(environment, folder)
    key = json.loads(run(environment, "keys", "create", "bench", "--scope", "operator", "--json"))
    auth = (key["key"], key["secret"])
    script, paced = sending.lua(folder, auth), sending.lua(folder, auth, PER_SECOND)
    with serving(environment, folder, settling=False) as address:
        beside = Beside(address, folder, auth, seconds)
        nothing = sending.wrk(address + "/healthz", seconds // 3 or 1, connections)
        found = {"no_op": nothing, "no_op_beside": beside(connections, path="/healthz")}
        found["send"] = sending.wrk(address, seconds, connections, script, "alone")
        found["send_beside"] = beside(connections, script, "beside")
        found["send_at_rate_beside"] = beside(connections, paced, "rate")
    with serving(environment, folder) as address:
        beside = Beside(address, folder, auth, seconds)
        found["send_settling"] = sending.wrk(address, seconds, connections, script, "settling")
        found["send_settling_beside"] = beside(connections, script, "all")
    return found


def fill(environment: dict[str, str], folder: Path) -> None:
    """A ledger with the sample's stores, catalog and program."""
    program = (sending.SAMPLE / "program.yaml").read_text()
    (folder / "program.yaml").write_text(program + OFFER)
    run(environment, "init")
    run(environment, "load", "stores", str(sending.SAMPLE / "stores.jsonl.gz"))
    run(environment, "load", "catalog", str(sending.SAMPLE / "catalog.jsonl.gz"))
    run(environment, "program", "publish", str(folder / "program.yaml"))
    run(environment, "load", "transactions", str(sending.SAMPLE / "transactions.jsonl.gz"))
    run(environment, "work", "--once")


def run(environment: dict[str, str], *arguments: str) -> str:
    """A command of the ledger."""
    done = subprocess.run(
        [LOYALTY, *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


@contextmanager
def serving(environment: dict[str, str], folder: Path, *, settling: bool = True) -> Iterator[str]:
    """The service, and its worker if `settling`, as long as the block lasts; the address."""
    log = (folder / "serve.log").open("w")
    serve = subprocess.Popen(
        [LOYALTY, "serve", "--port", "0"],
        env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    processes = [serve]
    if settling:  # who waits at a till comes first, where both share a machine
        worker = ["nice", "-n", NICE, LOYALTY, "work"]
        processes.append(subprocess.Popen(worker, env=environment, stdout=subprocess.DEVNULL))
    try:
        assert serve.stdout is not None
        yield serve.stdout.readline().split()[-1]
    finally:
        for process in processes:
            process.terminate()
            process.wait(30)
        log.close()


class Beside:
    """A till that locks and an app that reads a wallet, over and over, while sales are sent."""

    def __init__(self, address: str, folder: Path, auth: tuple[str, str], seconds: int):
        self._address = address
        self._seconds = seconds
        with httpx.Client(base_url=address, auth=auth, timeout=30) as client:
            named = client.get(f"/priv/v1/apps/{auth[0]}/external/users/371").json()
            user = {"user_id": named["user"]["id"]}
            issue = "/api/2.0/offers/acquisition/issue"
            told = client.post(issue, json=user | {"offer_id": "five-off"}).json()
        payload = {
            "offer_lookup_code": told["payload"]["status_list"][0]["user_offer_id"],
            "offer_lookup_type": "UserOfferId",
            "transaction": sending.basket("bench-lock"),
        }
        locks = sending.body("NUMBER", payload)
        reads = user | {"read": "NUMBER"}
        self._scripts = {
            "lock": sending.probe(folder, auth, "lock", "/api/2.0/lock", locks),
            "wallet": sending.probe(folder, auth, "wallet", WALLET, reads),
        }

    def __call__(
        self, connections: int, script: Path | None = None, name: str = "", path: str = ""
    ) -> dict[str, Any]:
        """What `wrk` makes of what is asked at the path, and what the two waited meanwhile."""
        with ThreadPoolExecutor() as threads:
            waiting = {
                who: threads.submit(sending.wrk, self._address, self._seconds, 1, one)
                for who, one in self._scripts.items()
            }
            asked = self._address + path
            found = sending.wrk(asked, self._seconds, connections, script, name)
            return found | {who: one.result() for who, one in waiting.items()}


def show(found: dict[str, Any]) -> None:
    """The figures for people."""
    print("The service: sales of 20 lines into a durable PostgreSQL; a till locks, an app reads.")
    for name, told in (
        ("a route that does nothing", found["no_op"]),
        ("the same, till and app", found["no_op_beside"]),
        ("sales", found["send"]),
        ("sales, till and app", found["send_beside"]),
        (f"{PER_SECOND:,} sales/s, till and app", found["send_at_rate_beside"]),
        ("sales, settled meanwhile", found["send_settling"]),
        ("sales, till and app, settled", found["send_settling_beside"]),
    ):
        print(
            f"  {name:28} {told['per_s']:6,.0f}/s  p50 {told['p50_ms']:6.1f}"
            f"  p99 {told['p99_ms']:6.1f} ms  refused {told['refused']:,.0f}"
        )
        for who in ("lock", "wallet"):
            if who in told:
                waited = told[who]
                print(f"    {who:35}  p50 {waited['p50_ms']:6.1f}  p99 {waited['p99_ms']:6.1f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
