"""A PostgreSQL server of our own for the tests: Debian's binaries, a temporary directory, a free loopback port."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

INSTALL = "PostgreSQL's server is missing: `apt-get install postgresql` (as root) puts it under /usr/lib/postgresql"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # tests kill processes, not the machine
    "shared_buffers": "16MB",
    "max_connections": "50",
}


class NoPostgres(Exception):
    """The server cannot be started here."""


def binaries() -> Path:
    """The directory with the newest `initdb` and `postgres`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise NoPostgres(INSTALL)
    return Path(on_path).resolve().parent


def _account() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root. None is ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL's server refuses root, and there is no account 'postgres' or 'nobody' to run it as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[str]:
    """A running server; yields the URL of its database `postgres`. It ends, and its files go, with the block."""
    bin_dir, account = binaries(), _account()
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    home = Path(tempfile.mkdtemp(prefix="barograph-pg-"))
    try:
        if account is not None:
            os.chown(home, account.pw_uid, account.pw_gid)
        run = {"cwd": home, "env": {"PATH": str(bin_dir), "LC_ALL": "C.UTF-8"}, **identity}
        _initialise(bin_dir, home, run)
        port = _free_port()
        options = [f"--{name}={value}" for name, value in {**SETTINGS, "port": port}.items()]
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [bin_dir / "postgres", "-D", home / "data", *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509  # before any test starts a thread
                **run,
            )
        try:
            _wait(process, port, home / "log")
            yield f"postgresql://barograph@127.0.0.1:{port}/postgres"
        finally:
            _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _initialise(bin_dir: Path, home: Path, run: dict) -> None:
    command = [bin_dir / "initdb", "-D", home / "data", "-U", "barograph", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **run)
    if done.returncode:
        raise NoPostgres(f"initdb failed: {done.stderr.strip()}")


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    until = monotonic() + 60
    while True:
        try:
            psycopg.connect(f"postgresql://barograph@127.0.0.1:{port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            if process.poll() is not None or monotonic() > until:
                raise NoPostgres(f"the server did not start: {log.read_text()}") from None
            sleep(0.05)  # a real server in another process: there is no clock to inject
        else:
            return


def _end_with_parent() -> None:
    """Have the server shut down when the tests are killed and cannot do it."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)  # 1 is PR_SET_PDEATHSIG


def _stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGINT)  # fast shutdown: ends all sessions
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=30)


class Shared:
    """The one server of a test session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.made = 0

    def new_database(self) -> str:
        self.made += 1
        name = f"test_{self.made}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.removesuffix("/postgres") + f"/{name}"


_SHARED = pytest.StashKey[Shared]()


def shared(config: pytest.Config) -> Shared:
    """Starts the server on first use; it stops with the session."""
    if _SHARED not in config.stash:
        running = server()
        config.stash[_SHARED] = Shared(running.__enter__())
        config.add_cleanup(lambda: running.__exit__(None, None, None))
    return config.stash[_SHARED]
