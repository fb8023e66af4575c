"""How much the HTTP service takes in, and how long tills and apps wait meanwhile.

    python bench/service.py [--seconds N] [--connections N] [--json]

On a durable PostgreSQL, `loyalty serve` and `loyalty work` as processes of their own, over the
package's sample. Sales of twenty lines are sent by `wrk` (it must be installed), each new; beside
them one till locks offers and one app reads wallets. A route that does nothing is measured first,
for comparison: it is as fast as the framework is on this machine.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from postgres import private_postgres

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "src" / "loyalty_ledger" / "sample"
LOYALTY = str(Path(sys.executable).with_name("loyalty"))
LUA = """
local line = '{"line_id":"%d","item_id":"%s","quantity":1,"unit_price":2.50,"subtotal":2.50}'
local lines = {}
for n = 1, 20 do lines[n] = string.format(line, n, ITEMS[n]) end
local items = table.concat(lines, ",")
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args) number = 0; run = args[1] end
function request()
  number = number + 1
  local sale = string.format("%s-%d-%d", run, id, number)
  local body = string.format([[{"store_id":"%s","client_id":"till","request_id":"%s",]] ..
    [["request_payload":{"transaction_id":"%s","open_time":"2017-06-01T10:00:00Z",]] ..
    [["items":[%s],"payments":[{"amount":50,"user_id":"%d"}]}}]],
    STORE, sale, sale, items, number % 2000)
  return wrk.format("POST", "/api/2.0/send_transaction", HEADERS, body)
end
"""
LINES = 20
OFFER = """
offers:
  - {id: five-off, title: Five off, discount: {kind: amount_off_check, amount: "5.00"}}
"""
BARS = {"accepted_per_s": 1_500, "p99_ms": 100, "lock_p99_ms": 50, "wallet_p99_ms": 20}


def main() -> int:
    """Measure and print; the bars are those of this machine's kind: two cores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed: install it to measure the service", file=sys.stderr)
        return 2
    with private_postgres() as server, tempfile.TemporaryDirectory() as folder:
        found = measure(server.url, Path(folder), given.seconds, given.connections)
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0


def measure(url: str, folder: Path, seconds: int, connections: int) -> dict[str, Any]:
    """Every figure."""
    environment = {"LOYALTY_DATABASE_URL": url, "LOYALTY_SECRET_KEY": "k1-" + "bench" * 8}
    fill(environment, folder)
    key = json.loads(run(environment, "keys", "create", "bench", "--scope", "operator", "--json"))
    auth = (key["key"], key["secret"])
    with serving(environment, folder) as address:
        nothing = wrk(address + "/healthz", seconds // 3 or 1, connections)
        script = lua(folder, auth)
        alone = wrk(address, seconds, connections, script, "alone")
        with beside(address, auth) as waited:
            loaded = wrk(address, seconds, connections, script, "beside")
    return {"no_op": nothing, "send": alone, "send_beside": loaded, "waited": waited}


def fill(environment: dict[str, str], folder: Path) -> None:
    """A ledger with the sample's stores, catalog and program."""
    program = (SAMPLE / "program.yaml").read_text()
    (folder / "program.yaml").write_text(program + OFFER)
    run(environment, "init")
    run(environment, "load", "stores", str(SAMPLE / "stores.jsonl.gz"))
    run(environment, "load", "catalog", str(SAMPLE / "catalog.jsonl.gz"))
    run(environment, "program", "publish", str(folder / "program.yaml"))
    run(environment, "load", "transactions", str(SAMPLE / "transactions.jsonl.gz"))
    run(environment, "work", "--once")


def run(environment: dict[str, str], *arguments: str) -> str:
    """A command of the ledger."""
    done = subprocess.run(
        [LOYALTY, *arguments], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


@contextmanager
def serving(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """The service and its worker, as long as the block lasts; the address."""
    log = (folder / "serve.log").open("w")
    serve = subprocess.Popen(
        [LOYALTY, "serve", "--port", "0"],
        env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    # Who waits at a till comes first, where both share a machine.
    work = subprocess.Popen(
        ["nice", "-n", "10", LOYALTY, "work"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        assert serve.stdout is not None
        yield serve.stdout.readline().split()[-1]
    finally:
        for process in (serve, work):
            process.terminate()
            process.wait(30)
        log.close()


@cache
def items() -> list[str]:
    """Twenty products of the catalog."""
    with gzip.open(SAMPLE / "catalog.jsonl.gz") as lines:
        return [json.loads(next(lines))["sku"] for _ in range(LINES)]


@cache
def store() -> str:
    """A store."""
    with gzip.open(SAMPLE / "stores.jsonl.gz") as lines:
        return str(json.loads(next(lines))["store_id"])


def basket(sale: str) -> dict[str, Any]:
    """The sale of that id."""
    lines = [{"line_id": str(n), "item_id": item, "subtotal": 9} for n, item in enumerate(items())]
    return {"transaction_id": sale, "open_time": "2017-06-01T10:00:00Z", "items": lines}


def body(request: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What a till asks."""
    return {
        "store_id": store(),
        "client_id": "till",
        "request_id": request,
        "request_payload": payload,
    }


def lua(folder: Path, auth: tuple[str, str]) -> Path:
    """The script that makes the bodies."""
    token = b64encode(":".join(auth).encode()).decode()
    names = ",".join(f'"{one}"' for one in items())
    headers = f'["Authorization"] = "Basic {token}", ["Content-Type"] = "application/json"'
    text = f'ITEMS = {{{names}}}\nSTORE = "{store()}"\nHEADERS = {{{headers}}}\n'
    file = folder / "sales.lua"
    file.write_text(text + LUA)
    return file


def wrk(
    address: str, seconds: int, connections: int, script: Path | None = None, name: str = ""
) -> dict[str, float]:
    """What wrk measures: requests a second, latencies, and how many were not answered with 200."""
    more = ["-s", str(script), address, "--", name] if script else [address]
    told = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", *more],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    found = {"per_s": float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])}
    for part in ("50%", "99%"):
        amount, unit = re.findall(rf"{part}\s+([\d.]+)(us|ms|s)", told)[0]
        found[f"p{part[:-1]}_ms"] = float(amount) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", told)
    return found | {"refused": float(failed[0]) if failed else 0.0}


@contextmanager
def beside(address: str, auth: tuple[str, str]) -> Iterator[dict[str, dict[str, float]]]:
    """A till that locks and an app that reads, as long as the block lasts; what they waited."""
    found: dict[str, dict[str, float]] = {}
    stop = threading.Event()
    with httpx.Client(base_url=address, auth=auth, timeout=30) as client:
        user = client.get(f"/priv/v1/apps/{auth[0]}/external/users/371").json()["user"]["id"]
    threads = [
        threading.Thread(target=_loop, args=(name, act, address, auth, user, stop, found))
        for name, act in (("lock", _lock), ("wallet", _wallet))
    ]
    for thread in threads:
        thread.start()
    yield found
    stop.set()
    for thread in threads:
        thread.join()


def _loop(
    name: str, act: Any, address: str, auth: Any, user: str, stop: threading.Event, found: Any
) -> None:
    taken: list[float] = []
    with httpx.Client(base_url=address, auth=auth, timeout=30) as client:
        while not stop.is_set():
            took = act(client, user)
            taken.append(took)
            stop.wait(0.02)
    found[name] = {
        "calls": len(taken),
        "p50_ms": statistics.median(taken) * 1000,
        "p99_ms": sorted(taken)[int(len(taken) * 0.99)] * 1000,
    }


_number = count()
_offers: list[str] = []


def _lock(client: httpx.Client, user: str) -> float:
    if not _offers:
        issue = {"user_id": user, "offer_id": "five-off"}
        told = client.post("/api/2.0/offers/acquisition/issue", json=issue).json()
        _offers.append(told["payload"]["status_list"][0]["user_offer_id"])
    payload = {
        "offer_lookup_code": _offers[0],
        "offer_lookup_type": "UserOfferId",
        "transaction": basket("bench-lock"),
    }
    asked = body(f"lock-{next(_number)}", payload)
    began = time.perf_counter()
    answer = client.post("/api/2.0/lock", json=asked)
    took = time.perf_counter() - began
    assert answer.json()["status"] == "OK", answer.text
    return took


def _wallet(client: httpx.Client, user: str) -> float:
    began = time.perf_counter()
    client.post("/api/1.0/user_points/all_balances", json={"user_id": user}).raise_for_status()
    return time.perf_counter() - began


def show(found: dict[str, Any]) -> None:
    """The figures for people."""
    print("Sales of 20 lines into a durable PostgreSQL, worker beside it:")
    for name, told in (
        ("nothing (/healthz)", found["no_op"]),
        ("send", found["send"]),
        ("send, lock and wallet beside", found["send_beside"]),
    ):
        print(
            f"  {name:30} {told['per_s']:8,.0f}/s  p50 {told['p50_ms']:7.1f} ms"
            f"  p99 {told['p99_ms']:7.1f} ms  refused {told['refused']:,.0f}"
        )
    for name, told in found["waited"].items():
        print(f"  {name:30} {'':10}  p50 {told['p50_ms']:7.1f} ms  p99 {told['p99_ms']:7.1f} ms")


if __name__ == "__main__":
    raise SystemExit(main())
