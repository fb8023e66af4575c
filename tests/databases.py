"""Fresh ledgers, quickly: copies of one that has been migrated.

One PostgreSQL server serves the whole test run, however many processes pytest spreads it over: the
first that needs it starts it, and the process that began the run stops it.
"""

import fcntl
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.migrate import create
from postgres import Server, start, stop

EXISTING = "LOYALTY_TEST_POSTGRES_URL"
_RUN_FOLDER = "LOYALTY_TEST_RUN_FOLDER"


def begin_run() -> bool:
    """To be called before the run is spread over processes: they inherit the folder.

    Says whether the run began here, and so has to be ended here: not when pytest runs in a test.
    """
    if _RUN_FOLDER in os.environ:
        return False
    os.environ[_RUN_FOLDER] = tempfile.mkdtemp(prefix="loyalty-tests-")
    return True


def end_run() -> None:
    """Stop the server, if one was started, and remove what the run left."""
    folder = Path(os.environ.pop(_RUN_FOLDER))
    kept = folder / "server.json"
    if kept.exists():
        state = json.loads(kept.read_text())
        if state["started"]:
            port, server_folder, binaries = state["started"]
            stop(Server(port, Path(server_folder), Path(binaries)))
        else:
            for made in (state["template"], *_templates(folder)):
                _administer(state["url"], f'DROP DATABASE IF EXISTS "{made}"')
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_postgres(*, over_socket: bool = False) -> Iterator[str]:
    """The address of a new database that holds an empty ledger; dropped at the end."""
    state = _server()
    address = state["socket_url" if over_socket else "url"]
    name = f"ledger_{uuid.uuid4().hex}"
    _administer(state["url"], f'CREATE DATABASE "{name}" TEMPLATE "{state["template"]}"')
    try:
        yield with_database(address, name)
    finally:
        _administer(state["url"], f'DROP DATABASE "{name}" WITH (FORCE)')


def fresh_sqlite(folder: Path) -> str:
    """The address of a new file in the folder that holds an empty ledger."""
    template = Path(os.environ[_RUN_FOLDER]) / "template.db"
    with _run_lock():
        if not template.exists():
            # Made elsewhere and moved, so that a broken-off try is no template.
            made = template.with_name(f"{uuid.uuid4().hex}.db")
            _migrate(f"sqlite:///{made}")
            made.rename(template)
    copy = folder / "ledger.db"
    shutil.copy(template, copy)
    return f"sqlite:///{copy}"


@contextmanager
def copy_of(backend: str, name: str, fill: Callable[[str], None], folder: Path) -> Iterator[str]:
    """The address of a copy of a ledger that `fill` filled, once for the whole run."""
    run = Path(os.environ[_RUN_FOLDER])
    if backend == "sqlite":
        with _run_lock(name):
            template = run / f"{name}.db"
            if not template.exists():
                making = run / f"{name}.making"
                making.mkdir(exist_ok=True)
                fill(fresh_sqlite(making))
                (making / "ledger.db").rename(template)
        shutil.copy(template, folder / "ledger.db")
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    state = _server()
    with _run_lock(name):
        known = run / f"{name}.template"
        if not known.exists():
            database = f"template_{uuid.uuid4().hex}"
            _administer(
                state["url"], f'CREATE DATABASE "{database}" TEMPLATE "{state["template"]}"'
            )
            fill(with_database(state["url"], database))
            known.write_text(database)
    with _copied(state["url"], known.read_text()) as url:
        yield url


def _templates(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.glob("*.template")]


@contextmanager
def _copied(address: str, template: str) -> Iterator[str]:
    name = f"ledger_{uuid.uuid4().hex}"
    _administer(address, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield with_database(address, name)
    finally:
        _administer(address, f'DROP DATABASE "{name}" WITH (FORCE)')


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _server() -> dict[str, str]:
    kept = Path(os.environ[_RUN_FOLDER]) / "server.json"
    with _run_lock():
        if not kept.exists():
            kept.write_text(json.dumps(_prepare_server()))
        state: dict[str, str] = json.loads(kept.read_text())
        return state


def _prepare_server() -> dict[str, object]:
    existing = os.environ.get(EXISTING)
    server = None if existing else start()
    url = existing or (server.url() if server else "")
    template = f"template_{uuid.uuid4().hex}"
    try:
        _administer(url, f'CREATE DATABASE "{template}"')
        _migrate(with_database(url, template))
    except BaseException:
        if server:
            stop(server)
        raise
    return {
        "url": url,
        "socket_url": server.socket_url() if server else url,
        "template": template,
        "started": [server.port, str(server.folder), str(server.binaries)] if server else None,
    }


def _migrate(url: str) -> None:
    engine = create_engine(url)
    create(engine)
    engine.dispose()


def _administer(url: str, statement: str) -> None:
    address = make_url(url).set(drivername="postgresql")
    plain = address.render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def _run_lock(name: str = "") -> Iterator[None]:
    with (Path(os.environ[_RUN_FOLDER]) / f"{name}lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
