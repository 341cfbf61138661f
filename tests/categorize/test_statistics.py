"""How well categories fit is told by the rules that the page of categories has."""

import polars as pl
import pytest

from barograph.categorize import Categories, definitions, statistics
from barograph.categorize.statistics import warns
from barograph.config.job import Job

JOB = Job.model_validate(
    {
        "job_id": "logs",
        "analysis_config": {
            "detectors": [{"function": "count", "by_field_name": "mlcategory"}],
            "categorization_field_name": "message",
        },
    }
)


@pytest.mark.parametrize(
    ("messages", "total", "frequent", "rare", "dead", "warned"),
    [
        (99, 1, 1, 0, 0, False),
        (100, 1, 1, 0, 0, True),
        (100, 2, 1, 1, 0, False),
        (1000, 10, 1, 9, 0, False),
        (1000, 11, 1, 10, 0, True),
        (100, 50, 1, 40, 0, False),
        (100, 51, 1, 40, 0, True),
        (1000, 10, 0, 2, 0, True),
        (1000, 10, 3, 2, 5, False),
        (1000, 10, 3, 2, 6, True),
    ],
)
def test_a_warning_needs_one_of_five_reasons(messages, total, frequent, rare, dead, warned):
    assert warns(messages, total, frequent, rare, dead) is warned


def read(messages: list[str | None]) -> Categories:
    made = Categories.build(JOB)
    made.add(pl.DataFrame({"s:message": messages}, schema={"s:message": pl.String}))
    return made


def test_numbers_are_of_the_messages():
    (stats,) = statistics(JOB, read(["Disk 1 is full"] * 150 + ["Link 2 is down", None]))
    assert (stats.categorized_doc_count, stats.total_category_count) == (151, 2)
    assert (stats.frequent_category_count, stats.rare_category_count, stats.categorization_status) == (1, 1, "ok")


def test_a_definition_has_what_all_messages_have_and_examples_that_differ():
    read_ = read(["Link 1.5.0.7 of web is down", "Link 10.0.0.8 of web is down", "Link 10.0.0.8 of web is down", "x" * 2000])
    link, x = definitions(JOB, read_)
    assert (link.terms, link.regex) == ("Link of web is down", ".*?Link.+?of.+?web.+?is.+?down.*")
    assert link.grok_pattern == ".*?Link.*?%{IP:ipaddress}.*?of.+?web.+?is.+?down.*"
    assert link.examples == ("Link 1.5.0.7 of web is down", "Link 10.0.0.8 of web is down")
    assert (link.num_matches, link.max_matching_length) == (3, 31)
    assert x.examples == ("x" * 997 + "...",)
    assert (x.regex, x.max_matching_length) == ("." + "*?" + "x" * 2000 + ".*", 2200)


def test_a_message_without_words_has_a_category_that_matches_all():
    (empty,) = definitions(JOB, read(["12", "7.5 0x1f"]))
    assert (empty.terms, empty.regex, empty.num_matches) == ("", ".*", 2)


def test_no_examples_are_kept_where_none_are_wanted():
    job = JOB.model_copy(
        update={"analysis_limits": JOB.analysis_limits.model_copy(update={"categorization_examples_limit": 0})}
    )
    made = Categories.build(job)
    made.add(pl.DataFrame({"s:message": ["Disk is full"]}))
    assert definitions(job, made)[0].examples == ()


def test_a_message_that_repeats_itself_and_is_cut_has_a_definition_too():
    (found,) = definitions(JOB, read([("retry" + 8 * " ") * 120 + "done"]))
    assert found.grok_pattern == found.regex  # of the example 77 are left: no gap can be told by it
    assert found.terms.startswith("retry retry ")
