"""For how many series a job's memory limit has room, what is left out beyond, and what is predicted of it."""

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import barograph
from barograph.config.job import Job
from barograph.config.load import load_job
from barograph.engine import Engine
from barograph.engine.estimate import Numbers, most_entities, most_series, predicted_bytes
from barograph.results.results import Results
from barograph.results.sizes import Sizes
from barograph.store.scratch import Scratch
from tests.engine.events import START

SPAN = 900_000


def job(detector: dict[str, str], limit: str = "1gb", influencers: tuple[str, ...] = ()) -> Job:
    analysis = {"bucket_span": "15m", "detectors": [detector], "influencers": list(influencers)}
    rest = {"analysis_limits": {"model_memory_limit": limit}, "data_description": {"time_format": "epoch_ms"}}
    return load_job({"job_id": "j", "analysis_config": analysis, **rest})


COUNT = {"function": "count", "by_field_name": "user"}
MEAN = {"function": "mean", "field_name": "load", "partition_field_name": "host"}


def run(of: Job, frame: pl.DataFrame, cuts: tuple[int, ...] = ()) -> tuple[Results, Engine]:
    """Results, and the engine; it is brought back from a snapshot at each cut."""
    engine, parts = Engine.build(of), []
    for start, end in itertools.pairwise((0, *cuts, frame.height)):
        parts.append(engine.add(frame[start:end]))
        engine = Engine.build(of, engine.snapshot())
    return Results.concat(parts), engine


def sizes_of(engine: Engine) -> Sizes:
    sizes = engine.snapshot().sizes
    assert sizes is not None
    return sizes


def test_a_million_values_are_bounded_told_and_no_flood() -> None:
    """Each row brings another value of the by field."""
    of, rows, per_bucket = job(COUNT, "8mb"), 1_000_000, 50_000
    time = START + SPAN * (np.arange(rows) // per_bucket)
    results, engine = run(of, pl.DataFrame({"time": time, "user": np.arange(rows).astype("U")}))
    sizes, most = sizes_of(engine), most_series(of)
    assert 1_000 < most < 2_000
    assert engine.counts.processed_record_count == rows
    assert (sizes.refused_rows, sizes.refused_buckets) == (rows - most, rows // per_bucket)
    assert sizes.total <= sizes.peak <= 8 << 20
    assert len(results.records) <= 20


def test_who_runs_a_frame_is_warned() -> None:
    frame = pl.DataFrame({"time": np.repeat(START, 500), "user": np.arange(500).astype("U")})
    with pytest.warns(
        UserWarning, match="316 rows of new series are left out: model_memory_limit='1mb' has room for 184 series"
    ):
        barograph.run(job(COUNT, "1mb"), frame)


def rows_of_many() -> pl.DataFrame:
    rng = np.random.default_rng(3)
    host, user = (rng.integers(0, most, 4_000) for most in (60, 90))
    time = START + SPAN * np.sort(rng.integers(0, 30, 4_000))
    return pl.DataFrame({"time": time, "host": host.astype("U"), "user": user.astype("U"), "load": rng.normal(size=4_000)})


def test_which_series_are_left_out_does_not_depend_on_how_rows_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.engine.engine.most_series", lambda _: 40)
    of, frame = job({**MEAN, "by_field_name": "user"}), rows_of_many()
    whole, engine = run(of, frame)
    first, hosts, users, refused = dict[tuple[str, str], None](), dict[str, None](), dict[str, None](), 0
    for row in frame.iter_rows(named=True):
        for known, value in ((hosts, row["host"]), (users, row["user"])):
            if len(known) < 40:
                known.setdefault(value)
        if row["host"] in hosts and row["user"] in users and len(first) < 40:
            first.setdefault((row["host"], row["user"]))
        refused += (row["host"], row["user"]) not in first
    assert sizes_of(engine).refused_rows == refused > 3_000
    series = whole.bucket_values.select("partition_field_value", "by_field_value").unique()
    assert set(series.rows()) <= set(first)
    parts, cut = run(of, frame, (1, 700, 701, 2_345))
    assert cut.snapshot().to_bytes() == engine.snapshot().to_bytes()
    assert parts.bucket_values.equals(whole.bucket_values)


@pytest.mark.parametrize("share", [1.0, 0.2])
@pytest.mark.parametrize(
    ("detector", "influencers", "shared"),
    [
        (MEAN, ("host",), (1, 1)),
        ({"function": "count", "partition_field_name": "host"}, (), (1, 1)),
        ({"function": "metric", "field_name": "load", "by_field_name": "host"}, (), (1, 1)),
        ({"function": "sum", "field_name": "load", "over_field_name": "host"}, ("host",), (1, 1)),
        ({"function": "rare", "by_field_name": "host"}, (), (1, 1)),
        ({"function": "time_of_day", "by_field_name": "host"}, (), (1, 1)),
        (
            {"function": "metric", "field_name": "load", "over_field_name": "host", "partition_field_name": "site"},
            (),
            (400, 400),
        ),
        ({"function": "time_of_day", "over_field_name": "host", "by_field_name": "site"}, (), (400, 1)),
        ({"function": "rare", "by_field_name": "host", "partition_field_name": "site"}, (), (2_000, 400)),
        ({"function": "rare", "by_field_name": "host", "over_field_name": "site"}, (), (2_000, 1)),
    ],
)
def test_what_is_predicted_is_what_is_held(
    detector: dict[str, str], influencers: tuple[str, ...], shared: tuple[int, int], share: float
) -> None:
    """Within a factor of 1.5, for kinds of jobs whose series all come at once, or now and then."""
    hosts, buckets, rng = 2_000, 40, np.random.default_rng(1)
    who = np.concatenate([np.sort(rng.permutation(hosts)[: int(share * hosts)]) for _ in range(buckets)])
    time = START + SPAN * np.repeat(np.arange(buckets), int(share * hosts))
    names = {"host": [f"host-{at:05}" for at in who], "site": [f"site-{at // 5:05}" for at in who]}
    frame = pl.DataFrame({"time": time, **names, "load": rng.normal(10.0, 1.0, len(who))})
    of, numbers = job(detector, influencers=influencers), Numbers(hosts, *shared)
    sizes = sizes_of(run(of, frame)[1])
    predicted = predicted_bytes(of, [numbers], {"host": hosts})
    assert sizes.total / 1.5 < predicted < sizes.total * 1.5


def test_of_series_with_patterns_too() -> None:
    hosts, days = 40, 8
    at = np.arange(96 * days)
    load = 10.0 + 5.0 * np.sin(2 * np.pi * at / 96)[:, None] + np.random.default_rng(2).normal(0.0, 0.3, (len(at), hosts))
    host = np.tile([f"host-{i}" for i in range(hosts)], len(at))
    frame = pl.DataFrame({"time": np.repeat(START + SPAN * at, hosts), "host": host, "load": load.ravel()})
    of = job(MEAN)
    sizes = sizes_of(run(of, frame)[1])
    assert sizes.parts["their repeating patterns"] > 500 * hosts
    predicted = predicted_bytes(of, [Numbers(hosts)], {})
    assert sizes.total / 1.5 < predicted < sizes.total * 1.5


def test_a_hundred_thousand_members_are_bounded() -> None:
    members = 100_000
    time = np.repeat(START + SPAN * np.arange(3), members)
    frame = pl.DataFrame({"time": time, "user": np.tile(np.arange(members), 3).astype("U"), "load": np.ones(3 * members)})
    engine = run(job({"function": "sum", "field_name": "load", "over_field_name": "user"}), frame)[1]
    assert 10 << 20 < sizes_of(engine).total < 40 << 20


@pytest.mark.parametrize(
    "detector",
    [
        {"function": "time_of_day", "over_field_name": "user", "partition_field_name": "site"},
        {"function": "time_of_day", "over_field_name": "user", "by_field_name": "site"},
        {"function": "sum", "field_name": "load", "over_field_name": "user", "partition_field_name": "site"},
        {"function": "rare", "by_field_name": "user", "partition_field_name": "site"},
        {"function": "rare", "by_field_name": "load", "over_field_name": "user", "partition_field_name": "site"},
    ],
)
def test_members_that_are_alone_in_their_populations_keep_to_the_limit_too(detector: dict[str, str]) -> None:
    rows = 6_000
    one = np.arange(rows).astype("U")
    frame = pl.DataFrame({"time": np.repeat(START, rows), "site": one, "user": one, "load": np.ones(rows)})
    of = job(detector, "1mb")
    engine = run(of, frame)[1]
    engine.flush(START + 2 * SPAN)
    sizes = sizes_of(engine)
    assert 0.3 * (1 << 20) < sizes.total < 1.02 * (1 << 20)  # names are about as long as reckoned
    assert sizes.refused_rows == rows - most_series(of)


def test_values_of_influencers_keep_to_the_limit_too() -> None:
    """Each of 200 hosts has 100 addresses of its own in each bucket: none is rare, and there is room for a third of them."""
    addresses, buckets = 20_000, 6
    of = job({"function": "count", "by_field_name": "host"}, "4mb", ("address",))
    each, time = np.tile(np.arange(addresses), buckets), START + SPAN * np.repeat(np.arange(buckets), addresses)
    frame = pl.DataFrame({"time": time, "host": (each // 100).astype("U"), "address": each.astype("U")})
    engine = run(of, frame, (3 * addresses,))[1]
    engine.flush(int(time[-1]) + 100 * SPAN)
    sizes, known = sizes_of(engine), engine.snapshot().arrays["model0.usual.field0.entities"]
    assert most_entities(of) == (1 << 20) // 150
    assert len(known) <= most_entities(of) // 2 + addresses  # and all of the bucket that came last
    assert sizes.left_out > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("detector", "each"),
    [
        ({"function": "sum", "field_name": "load", "over_field_name": "user"}, 200),
        ({"function": "rare", "by_field_name": "page", "over_field_name": "user"}, 130),
        ({"function": "time_of_day", "over_field_name": "user"}, 160),
    ],
)
def test_a_million_members_and_pairs_are_bounded(detector: dict[str, str], each: int) -> None:
    members = 1_000_000
    engine = Engine.build(job(detector), threads=1)
    for start in range(0, members, 100_000):
        who = np.arange(start, start + 100_000)
        user = (who if "by_field_name" not in detector else who // 10).astype("U")
        columns = {
            "user": user,
            "page": (who % 10).astype("U"),
            "load": np.random.default_rng(start).lognormal(3.0, 1.0, len(who)),
        }
        engine.add(pl.DataFrame({"time": np.full(len(who), START + SPAN * (start // 100_000)), **columns}))
    engine.flush(START + 20 * SPAN)
    sizes = sizes_of(engine)
    assert engine.known().series == members
    assert sizes.refused_rows == 0
    assert sizes.total < members * each


def test_series_that_are_judged_by_each_other_keep_to_the_limit_too(tmp_path: Path) -> None:
    """What is known of pairs cannot sleep, so there is room for fewer series."""
    detector = {**MEAN, "by_field_name": "user", "partition_field_name": "dc"}
    analysis = {"bucket_span": "15m", "detectors": [detector], "multivariate_by_fields": True}
    limits = {"model_memory_limit": "4mb"}
    rest = {"analysis_limits": limits, "data_description": {"time_format": "epoch_ms"}}
    of = load_job({"job_id": "j", "analysis_config": analysis, **rest})
    series, buckets = most_series(of), 3
    each, time = np.tile(np.arange(series), buckets), START + SPAN * np.repeat(np.arange(buckets), series)
    user, dc = (each % 32).astype("U"), (each // 32).astype("U")
    frame = pl.DataFrame({"time": time, "user": user, "dc": dc, "load": np.random.default_rng(0).normal(size=len(each))})
    engine = Engine.build(of, disk=Scratch(tmp_path))
    engine.add(frame)
    assert sizes_of(engine).total <= (4 << 20) + 12_000  # so much a job without series takes, too
    assert 3_000 < series < 8_000
