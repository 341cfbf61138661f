"""Which jobs an expression means."""

import pytest

from barograph.jobs.views.selection import matching
from barograph.store.errors import NoSuchJob


@pytest.fixture
def jobs(make):
    return [make.job("web-1", groups=("web", "eu")), make.job("web-2", groups=("web",)), make.job("db", groups=("eu",))]


@pytest.mark.parametrize(
    ("expressions", "meant"),
    [
        (["web-1"], ["web-1"]),
        (["web"], ["web-1", "web-2"]),
        (["web-*"], ["web-1", "web-2"]),
        (["e*"], ["db", "web-1"]),
        (["_all"], ["db", "web-1", "web-2"]),
        (["*"], ["db", "web-1", "web-2"]),
        (["web", "eu", "web-1"], ["db", "web-1", "web-2"]),
        (["none-*"], []),
        ([], []),
    ],
)
def test_ids_groups_and_wildcards_name_each_job_once_by_id(jobs, expressions, meant) -> None:
    assert [job.job_id for job in matching(jobs, expressions)] == meant


def test_a_name_that_nothing_has_is_refused_with_the_nearest(jobs) -> None:
    with pytest.raises(NoSuchJob, match=r"job_id='web-3': wanted the id of a job in this store; did you mean .*'web-1'"):
        matching(jobs, ["web-1", "web-3"])


def test_brackets_are_no_wildcards(jobs) -> None:
    with pytest.raises(NoSuchJob):
        matching(jobs, ["web-[12]"])
