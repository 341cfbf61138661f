"""A page of the worst records is the same, whichever way they are found."""

import pytest

from barograph.store.found_records import RecordsQuery
from barograph.store.store import Store

SPAN_MS = 300_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, make, tmp_path_factory):
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")()
    with Store.open(url, tmp_path_factory.mktemp("data")) as store:
        for name, buckets in (("web", 200), ("other", 3)):
            store.create_job(make.job(name), now_ms=1)
            store.commit(name, make.results(0, buckets), make.snapshot(1), [])
        yield store


@pytest.mark.parametrize("buckets", [(0, 200), (150, 152)], ids=["all, from the worst down", "a short time out of a long one"])
@pytest.mark.parametrize("jobs", [("web",), ("web", "other")])
def test_the_worst_records_come_first_and_pages_never_overlap(filled, jobs, buckets):
    everything = filled.found_records(RecordsQuery(jobs, size=10_000, sort="time", descending=False)).rows
    start, end = (everything["timestamp"].min() + number * SPAN_MS for number in buckets)
    asked = everything.filter(everything["timestamp"].is_between(start, end, closed="left"))
    worst = asked.sort("record_score", "timestamp", "job_id", "seq", descending=[True, True, False, False], nulls_last=True)
    pages = [filled.found_records(RecordsQuery(jobs, start, end, size=7, offset=at)) for at in range(0, asked.height, 7)]
    assert {page.total for page in pages} == {asked.height}
    assert [row for page in pages for row in page.rows.select("job_id", "timestamp").rows()] == worst.select(
        "job_id", "timestamp"
    ).rows()
    assert pages[0].highest == worst["record_score"][0]
    assert (pages[0].first_ms, pages[0].last_ms) == (asked["timestamp"].min(), asked["timestamp"].max())
