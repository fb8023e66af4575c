"""Sales of twenty lines, and what `wrk` makes of sending them."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "src" / "loyalty_ledger" / "sample"
LINES = 20
THREADS = 2
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
PACED = """
-- So many a second in all, however soon they are answered: whoever is late waits for nobody.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *);")
local moment = ffi.new("moment")
local function now_ms()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.s) * 1000 + tonumber(moment.ns) / 1000000
end
local due = nil
function delay()
  local now = now_ms()
  due = due and due + THREADS * 1000 / PER_SECOND or now
  return math.max(0, math.floor(due - now + math.random()))
end
"""

PROBE = """
local began, number = os.time(), 0
function request()
  number = number + 1
  return wrk.format("POST", PATH, HEADERS, BEFORE .. began .. "-" .. number .. AFTER)
end
function delay() return 20 end
function response(status, headers, body)
  if status ~= 200 or not body:lower():find('"status":"ok"', 1, true) then
    io.stderr:write(body)
    wrk.thread:stop()
  end
end
"""


def can_be_measured() -> bool:
    """Whether what sends is installed; says so if it is not."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: the service is not measured", file=sys.stderr)
        return False
    return True


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


def lua(folder: Path, auth: tuple[str, str], per_second: int | None = None) -> Path:
    """The script that makes the bodies; `per_second` of them, if that is given, else all it can."""
    names = ",".join(f'"{one}"' for one in items())
    text = f'ITEMS = {{{names}}}\nSTORE = "{store()}"\n{_headers(auth)}'
    if per_second is None:
        file = folder / "sales.lua"
        file.write_text(text + LUA)
    else:
        file = folder / f"sales-{per_second}.lua"
        pace = f"THREADS = {THREADS}\nPER_SECOND = {per_second}\n"
        file.write_text(text + pace + LUA + PACED)
    return file


def probe(folder: Path, auth: tuple[str, str], name: str, path: str, asked: dict[str, Any]) -> Path:
    """The script of somebody who asks that, waits for the answer, and asks again after 20 ms.

    A number, another one each time, takes the place of `NUMBER` in what he asks.
    """
    before, _, after = json.dumps(asked).partition("NUMBER")
    file = folder / f"{name}.lua"
    text = f"PATH = '{path}'\nBEFORE = [[{before}]]\nAFTER = [[{after}]]\n"
    file.write_text(text + _headers(auth) + PROBE)
    return file


def _headers(auth: tuple[str, str]) -> str:
    token = b64encode(":".join(auth).encode()).decode()
    return (
        f'HEADERS = {{["Authorization"] = "Basic {token}", '
        '["Content-Type"] = "application/json"}\n'
    )


def wrk(
    address: str, seconds: int, connections: int, script: Path | None = None, name: str = ""
) -> dict[str, float]:
    """What wrk measures: requests a second, latencies, and how many were not answered with 200."""
    more = ["-s", str(script), address, "--", name] if script else [address]
    threads = min(THREADS, connections)
    done = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", *more],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    if done.stderr:  # a probe was answered what it did not expect
        print(done.stderr[:1_000], file=sys.stderr)
    told = done.stdout
    found = {"per_s": float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])}
    for part in ("50%", "99%"):
        amount, unit = re.findall(rf"{part}\s+([\d.]+)(us|ms|s)", told)[0]
        found[f"p{part[:-1]}_ms"] = float(amount) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]
    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", told)
    return found | {"refused": float(failed[0]) if failed else 0.0}
