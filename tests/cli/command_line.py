"""The command line in this process: its exit code, and what it wrote."""

import io
import os
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec

from loyalty_ledger.__main__ import main
from sample_ledger import SECRET


class Said(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return msgspec.json.decode(self.out)


def loyalty(url: str | None, *arguments: object, stdin: bytes = b"", **environment: str) -> Said:
    """Run `loyalty` with these arguments, as `main` does, on the ledger at `url`."""
    line = ["loyalty", *(("--database", url) if url else ()), *map(str, arguments)]
    variables = {"LOYALTY_SECRET_KEY": SECRET, "COLUMNS": "80"} | environment
    before = signal.getsignal(signal.SIGTERM)
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        patch.object(sys, "argv", line),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
        patch.dict(os.environ, variables),
        patch("loyalty_ledger.collector.gc"),
        patch("os.nice"),  # the tests after this one are not to wait for everybody else
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            signal.signal(signal.SIGTERM, before)
    assert "Traceback" not in err.getvalue()
    return Said(code, out.getvalue(), err.getvalue())
