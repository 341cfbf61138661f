"""Which current scores are made anew when quantiles move; no database is needed for that."""

import numpy as np
import polars as pl
import pytest

from barograph.results import schema
from barograph.scoring import quantiles
from barograph.scoring.leaves import Measure
from barograph.scoring.normalise import DAY_MS
from barograph.scoring.quantiles_layout import EDGES
from barograph.scoring.renormalise import ScoredTable
from barograph.scoring.rescore import Window, first_moved, rescore
from barograph.scoring.severity import normalised_score

HOUR = 3_600_000
MEASURE = Measure(0, "mean", "mean", "ms", None, None, None, "mean")
COLUMNS = {
    "buckets": schema.BUCKETS,
    "influencers": schema.INFLUENCERS,
    "bucket_influencers": schema.BUCKET_INFLUENCERS,
}


class Memory:
    """Records and quantiles in memory, as `ScoredRows`."""

    def __init__(self, records: dict[int, float], quantiles: pl.DataFrame, span_ms: int = HOUR) -> None:
        """Records of one series: ln of the probability by time, in ms."""
        initial = normalised_score(np.array(list(records.values())), span_ms)
        names = {column.name: [None] * len(records) for column in schema.RECORDS}
        filled = {
            "timestamp": list(records),
            "seq": [0] * len(records),
            "detector_index": [0] * len(records),
            "function_description": ["mean"] * len(records),
            "log_probability": list(records.values()),
            "record_score": initial,
            "initial_record_score": initial,
        }
        self.records = pl.DataFrame({**names, **filled}, schema=schema.polars_schema(schema.RECORDS))
        self.quantiles = quantiles
        self.written = list[int]()
        self.followed = list[int]()

    def moved_quantiles(self, after_ms: int) -> pl.DataFrame:
        return self.quantiles.filter("moved", pl.col("timestamp") > after_ms)

    def rows(self, table: ScoredTable, start_ms: int) -> pl.DataFrame:
        found = self.records if table.name == "records" else schema.empty(COLUMNS[table.name])
        return found.filter(pl.col("timestamp") >= start_ms).with_columns(is_forgotten=pl.lit(False))

    def write(self, table: ScoredTable, changed: pl.DataFrame) -> None:
        self.written += changed["timestamp"].to_list()
        self.records = self.records.update(changed, on=["timestamp", "seq"])

    def follow_records(self, start_ms: int) -> None:
        self.followed.append(start_ms)

    def scores(self, name: str = "record_score") -> list[float]:
        return self.records[name].to_list()


def common(*times_ms: int, count: float = 20.0) -> pl.DataFrame:
    """Quantiles from these times on, by which so many of 42 days had a surprise of 20 nats."""
    counts = np.where(EDGES < 30, count, 0.0).tolist()
    rows = [(time, quantiles.record(0), 42.0, 42.0, 42.0 * 24, counts, True) for time in times_ms]
    return pl.DataFrame(rows, schema=schema.polars_schema(schema.QUANTILES), orient="row")


HOURLY = Window(HOUR)


def moved_scores(memory: Memory, since_ms: int, window: Window = HOURLY) -> list[float]:
    rescore(memory, [MEASURE], window, since_ms)
    return memory.scores()


def test_nothing_is_read_or_written_when_no_quantiles_have_moved() -> None:
    memory = Memory({50 * DAY_MS: -20.0}, common(60 * DAY_MS))
    rescore(memory, [MEASURE], Window(HOUR), first_moved(common().head(0)))
    assert (memory.written, memory.followed) == ([], [])


def test_what_turned_out_to_be_common_sinks_and_only_that_is_written() -> None:
    memory = Memory({10 * DAY_MS: -20.0, 50 * DAY_MS: -20.0, 60 * DAY_MS: -20.0}, common(60 * DAY_MS))
    moved_scores(memory, 60 * DAY_MS)
    assert memory.written == [50 * DAY_MS]  # the first is out of the window, the last came after
    assert memory.scores()[1] < memory.scores("initial_record_score")[1] - 5


def test_a_window_of_no_days_changes_nothing() -> None:
    memory = Memory({50 * DAY_MS: -20.0}, common(60 * DAY_MS))
    assert moved_scores(memory, 60 * DAY_MS, Window(HOUR, days=0)) == memory.scores("initial_record_score")


@pytest.mark.parametrize(
    ("span_ms", "days", "expected"),
    [(HOUR, None, 30 * DAY_MS), (DAY_MS, None, 100 * DAY_MS), (7 * DAY_MS, None, 700 * DAY_MS), (7 * DAY_MS, 5, 5 * DAY_MS)],
)
def test_the_window_is_thirty_days_or_a_hundred_buckets_whichever_is_longer(span_ms, days, expected) -> None:
    assert Window(span_ms, days).ms == expected


def test_a_hundred_long_buckets_back_a_score_still_moves() -> None:
    week = 7 * DAY_MS
    memory = Memory({time * week: -20.0 for time in (99, 100, 199)}, common(200 * week), week)
    moved_scores(memory, 200 * week, Window(week))
    assert memory.written == [100 * week, 199 * week]


def test_what_begins_with_the_quantiles_leaves_the_room_that_there_was() -> None:
    end = 60 * DAY_MS
    rare = common(end, count=0.0)
    alone = moved_scores(Memory({50 * DAY_MS: -20.0}, rare), end)
    behind = moved_scores(Memory({50 * DAY_MS: -20.0, end: -700.0}, rare), end)
    before = moved_scores(Memory({50 * DAY_MS: -20.0, end - HOUR: -700.0}, rare), end)
    assert behind[0] == alone[0]
    assert before[0] < alone[0]  # a gross outlier inside the window does take room


def test_the_outlier_at_the_far_end_of_the_window_takes_room_too() -> None:
    end = 60 * DAY_MS
    rare = common(end, count=0.0)
    alone = moved_scores(Memory({50 * DAY_MS: -20.0}, rare), end)
    edge = moved_scores(Memory({30 * DAY_MS: -700.0, 50 * DAY_MS: -20.0}, rare), end)
    beyond = moved_scores(Memory({30 * DAY_MS - HOUR: -700.0, 50 * DAY_MS: -20.0}, rare), end)
    assert edge[1] < alone[0]
    assert beyond[1] == alone[0]


def test_it_does_not_matter_how_often_it_is_done() -> None:
    records = {day * DAY_MS + HOUR: -20.0 - day / 3 for day in range(20, 90, 3)}
    ends = [45 * DAY_MS, 60 * DAY_MS, 75 * DAY_MS]
    once, often = Memory(records, common(*ends)), Memory(records, common(*ends))
    moved_scores(once, ends[0])
    for end in ends:
        moved_scores(often, end)
    moved_scores(often, ends[1])
    assert once.scores() == often.scores()


def test_quantiles_that_have_gone_take_what_they_made_of_scores_with_them() -> None:
    memory = Memory({50 * DAY_MS: -20.0}, common(60 * DAY_MS))
    moved_scores(memory, 60 * DAY_MS)
    memory.quantiles = memory.quantiles.clear()
    assert moved_scores(memory, 60 * DAY_MS) == memory.scores("initial_record_score")
