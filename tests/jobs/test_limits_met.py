"""What a job meets is told once, with the commit that met it: rows without room, categories that fit no messages."""

import polars as pl

from barograph.config.job import Job
from barograph.jobs.limits_met import LimitsMet
from barograph.jobs.open_jobs import opened
from barograph.results.category import CategorizerStats
from barograph.results.sizes import Sizes
from barograph.store.store import Store
from tests.jobs.test_categories import PER_PARTITION, START, job


def told(store: Store, of: Job, pieces: list[pl.DataFrame]) -> list[str]:
    """The messages of a job that is opened for each piece of its rows anew, and commits twice."""
    for piece in pieces:
        with opened(store, of, now=lambda: 1_900_000_000.0) as session:
            for half in piece.iter_slices(piece.height // 2):
                session.feed_frame(half)
                session.commit()
    return [one.text for _, one in store.messages([of.job_id], ["info", "warning", "error"], 100)[0]]


def test_a_partition_whose_categories_become_poor_is_told_once(store: Store) -> None:
    words = ["".join("bcdfghjklm"[int(digit)] for digit in f"{at:04}") for at in range(400)]
    messages = [
        f"{one} x{one}y {one[::-1]}q" if at % 2 else f"all is {'up' if at % 4 else 'down'}" for at, one in enumerate(words)
    ]
    times = [START + 60 * (at // 2) for at in range(400)]
    rows = pl.DataFrame({"time": times, "host": ["good", "bad"] * 200, "message": messages})
    (text,) = told(store, job(**PER_PARTITION), [rows[:300], rows[300:]])
    assert text.startswith("Categories do not fit the messages of host='bad' (")
    assert text.endswith("categorization_status is now warn; nothing more of it is categorized")


def test_rows_that_there_is_no_room_for_are_told_once(store: Store) -> None:
    analysis = {"bucket_span": "15m", "detectors": [{"function": "count", "by_field_name": "host"}]}
    limits = {"model_memory_limit": "1mb"}
    of = Job.model_validate({"job_id": "many", "analysis_config": analysis, "analysis_limits": limits})
    rows = pl.DataFrame({"time": [START + at // 10 for at in range(4_000)], "host": [f"host-{at}" for at in range(4_000)]})
    (text,) = told(store, of, [rows[:2_000], rows[2_000:]])
    assert text.startswith("model_memory_limit='1mb' has room for ")
    assert "rows of further ones are left out from now on" in text


def test_values_whose_habits_are_forgotten_are_told_once() -> None:
    met = LimitsMet(job(), Sizes(), ())
    (text,) = met.tell(Sizes(left_out=3), ())
    assert "values of each influencer field usually do" in text
    assert met.tell(Sizes(left_out=9), ()) == []


def test_of_many_partitions_few_are_named() -> None:
    poor = [CategorizerStats("host", f"h{at}", 100, 1, 1, 0, 0, 0, "warn", False) for at in range(7)]
    met = LimitsMet(job(), Sizes(), poor[:1])
    (text,) = met.tell(None, poor)
    assert text.startswith("Categories do not fit the messages of host='h1' (1 of 100 messages), of host='h2' (1 of")
    assert text.endswith(" and of 1 more: categorization_status is now warn")
    assert met.tell(None, poor) == []
