"""`kill -9` at random instants of a replay and of a forget: everything is as before or as after, to the bit."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from barograph.engine.exclusions import Exclusion
from barograph.jobs.forget import forget, remember
from barograph.jobs.replay import replay
from barograph.store.store import Store
from tests.engine.events import job
from tests.jobs.replays import FROM, TO, all_of, feed, files, listed

DATABASES = [
    pytest.param("sqlite", 2),
    pytest.param("sqlite", 5, marks=pytest.mark.slow),
    pytest.param("postgresql", 2, marks=pytest.mark.slow),
]
SPAN = Exclusion(FROM, TO)


def filled(store: Store, verb: str) -> None:
    """A job with snapshots; one that is to be replayed has the scores of an older version, which a replay makes right."""
    feed(store, job(), pieces=6)
    if verb == "replay":
        age(store)


def age(store: Store) -> None:
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE record SET record_score = record_score / 2, initial_record_score = 1")


def state(store: Store) -> dict[str, object]:
    return {**all_of(store), "forgotten": store.forgotten("requests")}


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    return all(
        value.equals(other[name]) if isinstance(value, pl.DataFrame) else value == other[name] for name, value in one.items()
    )


def kill(command: list, word: str, wait_s: float) -> bool:
    """Run it and kill it some time after it has printed a word; whether it was done already."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    alarm = threading.Timer(120, process.kill)
    alarm.start()
    try:
        while word and process.stdout.readline() not in {"", f"{word}\n"}:
            pass
        threading.Event().wait(wait_s)
    finally:
        process.kill()
        rest = process.stdout.read()
        process.wait()
        process.stdout.close()
        alarm.cancel()
    return "done" in rest


@pytest.mark.parametrize("verb", ["replay", "forget"])
@pytest.mark.parametrize(("database", "kills"), DATABASES)
def test_a_replay_killed_at_any_instant_leaves_what_was_or_what_is_to_be(
    database, kills, verb, request, tmp_path: Path
) -> None:
    with Store.open(None, tmp_path / "undisturbed") as store:
        filled(store, verb)
        before = state(store)
        replay(store, "requests") if verb == "replay" else forget(store, "requests", SPAN)
        after = state(store)
    assert not same(before, after)
    url = None if database == "sqlite" else request.getfixturevalue("postgres")()
    data = tmp_path / "data"
    with Store.open(url, data) as store:
        filled(store, verb)
        assert same(before, state(store))
    command = [sys.executable, Path(__file__).with_name("replayer.py"), data, verb, str(FROM), str(TO), *([url] if url else [])]
    draw = random.Random(3)
    for number in range(kills):
        # While it commits, while it writes what is to be committed, and anywhere before.
        word, most_s = (("committing", 0.01), ("learned", 0.05), ("", 2.0))[number % 3]
        done = kill(command, word, draw.random() * most_s)
        with Store.open(url, data) as store:
            found = state(store)
            assert same(found, before) or same(found, after)
            assert not done or same(found, after)
            assert files(store) == listed(store)
            if same(found, after):
                back(store, verb)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    with Store.open(url, data) as store:
        assert same(state(store), after)


def back(store: Store, verb: str) -> None:
    """As it was before the command."""
    if verb == "forget":
        remember(store, "requests", SPAN)
    else:
        age(store)
