"""Categories of a job are the same live, in bulk, resumed, gone back and replayed."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from barograph.config.job import Job
from barograph.engine import Engine
from barograph.engine.engine import known_categories
from barograph.jobs.replay import replay
from barograph.jobs.views.categories import categories
from barograph.results.results import Results
from barograph.results.snapshot import Snapshot
from barograph.store.query import Query
from barograph.store.store import Store
from tests.jobs.replays import NOW, all_of, assert_same, feed

START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


def job(**analysis) -> Job:
    detectors = [{"function": "count", "by_field_name": "mlcategory", "partition_field_name": "host"}]
    of_analysis = {"bucket_span": "15m", "detectors": detectors, "categorization_field_name": "message", **analysis}
    return Job.model_validate({"job_id": "logs", "analysis_config": of_analysis})


def rows(count: int = 3_000) -> pl.DataFrame:
    texts = (
        "Accepted password for user ann from 10.0.0.{n}",
        "Request /items/{n} took {n} ms",
        "Connection to db-{n} closed by peer",
        "Mail for {name} was not delivered, trying later again",
    )
    names = ("router", "admin", "test", "story", "root", "oracle", "support", "backup", "manager")
    at = range(count)
    return pl.DataFrame(
        {
            "time": [START + 60 * one for one in at],
            "host": [("a", "b", None)[one * one % 3 if one % 11 else 2] for one in at],
            "message": [
                None if one % 17 == 0 else texts[one * 7 % 4].format(n=one, name=names[one // 40 % len(names)]) for one in at
            ],
        }
    )


SAID = ("took long", "was refused", "is not there")
PER_PARTITION = {"per_partition_categorization": {"enabled": True, "stop_on_warn": True}}


@pytest.mark.parametrize("analysis", [{}, PER_PARTITION], ids=["together", "per partition"])
def test_live_resumed_and_bulk_give_the_same_bits(analysis):
    of, frame = job(**analysis), rows()
    whole, live, found = Engine.build(of), Engine.build(of), []
    wanted = whole.add(frame)
    for piece in frame.iter_slices(271):
        found.append(live.add(piece))
        live = Engine.build(of, Snapshot.from_bytes(live.snapshot().to_bytes()))
    joined = Results.concat(found)
    for name in ("buckets", "records", "bucket_values"):
        assert getattr(joined, name).equals(getattr(wanted, name)), name
    assert live.snapshot().to_bytes() == whole.snapshot().to_bytes()
    assert set(wanted.bucket_values["by_field_value"]) <= {str(one.category_id) for one in known(of, whole)}


def known(of: Job, engine: Engine):
    return known_categories(of, engine.snapshot())[0]


def test_a_replay_needs_no_messages_and_changes_nothing(store: Store):
    feed(store, job(), rows())
    before, found = all_of(store, "logs"), categories(store, "logs")
    assert len(found.definitions) > 4
    replay(store, "logs", now=lambda: NOW / 1000)
    assert_same(all_of(store, "logs"), before)
    assert categories(store, "logs") == found


def test_a_job_that_goes_back_has_the_categories_of_then_and_reads_on_to_the_same(store: Store, tmp_path: Path):
    frame, of = rows(), job()
    engine = feed(store, of, frame[:1_000], pieces=1)
    then = categories(store, "logs")
    store.commit("logs", engine.add(frame[1_000:]), engine.snapshot(), [])
    now = categories(store, "logs")
    assert now != then
    store.revert("logs", store.snapshots("logs")[0].snapshot_id, delete_later_results=True)
    assert categories(store, "logs") == then
    engine = Engine.build(of, store.resume("logs").snapshot)
    store.commit("logs", engine.add(frame[1_000:]), engine.snapshot(), [])
    assert categories(store, "logs") == now


def test_messages_without_words_of_eight_users_become_one_category_that_says_so(store: Store):
    feed(store, job(), rows())
    found = categories(store, "logs").definitions
    (mail,) = (one for one in found if one.terms == "Mail for was not delivered trying later again")
    assert len(mail.preferred_to_categories) == 6
    assert mail.regex == ".*?Mail.+?for.+?was.+?not.+?delivered.+?trying.+?later.+?again.*"


def test_too_many_messages_of_a_category_are_found(store: Store):
    frame = rows()
    flood = [
        {"time": START + 60 * 2_900 + one, "host": "a", "message": f"Connection to db-{one} closed by peer"}
        for one in range(200)
    ]
    frame = pl.concat([frame, pl.DataFrame(flood, schema=frame.schema)]).sort("time", maintain_order=True)
    engine = feed(store, job(), frame)
    store.commit("logs", engine.flush(START * 1000 + 3_000 * 60_000), engine.snapshot(), [])
    (category,) = (one for one in categories(store, "logs").definitions if one.terms == "Connection to closed by peer")
    worst = store.records("logs", Query()).rows.row(0, named=True)
    assert worst["by_field_value"] == str(category.category_id)
    assert len(category.examples) == 4


def test_a_partition_is_given_up_only_while_that_is_wanted_and_it_can_be_changed_at_any_time(store: Store):
    """Two partitions: the messages of one say nothing in common, those of the other do."""
    frame = pl.DataFrame(
        {
            "time": [START + 30 * at for at in range(1_200)],
            "host": [("noise", "fine")[at % 2] for at in range(1_200)],
            "message": [f"q{at:x}z" if at % 2 == 0 else f"Request /items/{at} {SAID[at // 2 % 3]}" for at in range(1_200)],
        }
    )
    keeping, stopping = (job(per_partition_categorization={"enabled": True, "stop_on_warn": on}) for on in (False, True))
    engine = feed(store, keeping, frame[:600], pieces=1)
    store.create_job(stopping, NOW)
    engine = Engine.build(stopping, store.resume("logs").snapshot)
    store.commit("logs", engine.add(frame[600:]), engine.snapshot(), [])
    noise, fine = categories(store, "logs").stats
    assert (noise.categorization_status, noise.is_stopped, noise.categorized_doc_count) == ("warn", True, 400)
    assert (fine.categorization_status, fine.is_stopped, fine.categorized_doc_count) == ("ok", False, 600)
