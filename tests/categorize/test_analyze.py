"""Tokens are those of the oracle, and analyzers do what their names say."""

import pytest
from hypothesis import given, settings

from barograph.config.analyzer import Analyzer, Replace, read_analyzer
from tests.categorize.messages import KNOWN, any_message, token_texts
from tests.oracle import categories as oracle

BARE = Analyzer(char_filters=(), stop=())


@given(text=any_message)
@settings(deadline=None, max_examples=300)
def test_tokens_are_those_of_the_oracle(text):
    assert token_texts(BARE, text) == oracle.tokens(text)


@given(text=any_message)
@settings(deadline=None, max_examples=200)
def test_words_are_those_of_the_oracle(text):
    import polars as pl  # noqa: PLC0415

    from barograph.categorize.analyze import Analysis  # noqa: PLC0415

    kinds = Analysis(BARE).tokens(pl.Series([text], dtype=pl.String)).tokens["kind"].tolist()
    assert kinds == [int(oracle.is_word(token, KNOWN)) for token in token_texts(BARE, text)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Received block blk_-1608 of size 91178 from /10.250.10.6", ["Received", "block", "of", "size", "from"]),
        ("mail.example.org:25 close, 2034 bytes (1.98 KB) sent", ["close", "sent"]),
        ("link ea:bc:01:ff:00:12 up", ["link", "up"]),
        ("request id=ab state=done", ["request", "id", "state"]),
        ("session opened for user root by (uid=0)", ["session", "opened", "for", "user", "by", "uid"]),
        ("check pass; user unknown", ["check", "pass", "user", "unknown"]),
        ("", []),
    ],
)
def test_what_differs_between_messages_is_no_token(text, tokens):
    assert token_texts(BARE, text) == tokens


@pytest.mark.parametrize(
    ("analyzer", "text", "tokens"),
    [
        (Analyzer(), "\n 12\nDisk is full\nat line", ["Disk", "is", "full"]),
        (Analyzer(char_filters=("first_non_blank_line",)), " \n--\nDisk", []),
        (Analyzer(), "On Mon Jul 3 it broke", ["On", "it", "broke"]),
        (Analyzer(char_filters=(Replace(r"\[.*?\]"),)), "[a b] Disk [c] is full", ["Disk", "is", "full"]),
        (Analyzer(char_filters=(Replace("(is) (not)", "$2_$1"),), stop=()), "it is not so", ["it", "not_is", "so"]),
        (Analyzer((), "ml_classic", stop=()), "read /var/log now", ["read", "var", "log", "now"]),
        (Analyzer((), "standard", lower=True, stop=()), "Disk 7 isn't FULL", ["disk", "7", "isn't", "full"]),
        (Analyzer((), "whitespace", stop=()), "Disk: 7/8\tfull", ["Disk:", "7/8", "full"]),
        (Analyzer((), "keyword", stop=()), "Disk is full", ["Disk is full"]),
        (Analyzer((), "pattern", pattern=",", stop=()), "a,b c,,d", ["a", "b c", "d"]),
        (Analyzer((), "pattern", pattern="[a-z]+", is_token=True, stop=()), "ab1cd E", ["ab", "cd"]),
        (Analyzer((), "whitespace", stop=(), most=2), "a b c", ["a", "b"]),
    ],
)
def test_analyzers_do_what_their_names_say(analyzer, text, tokens):
    assert token_texts(analyzer, text) == tokens


def test_an_analyzer_is_read_as_elastic_writes_it():
    given_ = {
        "char_filter": ["first_non_blank_line", {"type": "pattern_replace", "pattern": "x", "replacement": "y"}],
        "tokenizer": {"type": "pattern", "pattern": "-", "group": 0},
        "filter": ["lowercase", {"type": "stop", "stopwords": ["a"]}, {"type": "limit", "max_token_count": 5}],
    }
    read, problems = read_analyzer(given_)
    assert not problems
    assert read == Analyzer(("first_non_blank_line", Replace("x", "y")), "pattern", "-", True, True, ("a",), 5)


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        ("german", "='german': wanted one of standard, whitespace, keyword, pattern"),
        ({}, "tokenizer is missing: wanted one of ml_standard"),
        ({"tokenizer": "ngram"}, "tokenizer='ngram': wanted one of ml_standard"),
        ({"tokenizer": "ml_standard", "filters": []}, "filters=[]: wanted one of char_filter, tokenizer, filter"),
        ({"tokenizer": "ml_standard", "char_filter": ["html"]}, "char_filter[0]='html': wanted one of first_non_blank_line"),
        (
            {"tokenizer": "ml_standard", "char_filter": [{"type": "pattern_replace", "pattern": "(?=a)"}]},
            "char_filter[0].pattern='(?=a)': wanted a regular expression without look-around",
        ),
        ({"tokenizer": {"type": "pattern", "group": 1}}, "tokenizer.group=1: wanted -1"),
        ({"tokenizer": "ml_standard", "filter": [{"type": "stop", "stopwords": 1}]}, "filter[0].stopwords=1: wanted a list"),
        (
            {"tokenizer": "ml_standard", "filter": [{"type": "limit", "max_token_count": 0}]},
            "max_token_count=0: wanted a whole",
        ),
        ({"tokenizer": "ml_standard", "filter": ["snowball"]}, "filter[0]='snowball': wanted lowercase"),
    ],
)
def test_what_is_wrong_with_an_analyzer_is_said(given_, problem):
    read, problems = read_analyzer(given_)
    assert read is None
    assert problem in str(problems[0])
