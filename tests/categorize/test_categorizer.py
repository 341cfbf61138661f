"""Categories are those of the oracle, and depend on the messages and their order alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.categorize import categorizer as room
from barograph.categorize.categorizer import Categorizer
from barograph.config.analyzer import DATE_WORDS, Analyzer
from tests.categorize.messages import KNOWN, any_message, assigned, fresh, message
from tests.oracle import categories as oracle

PLAIN = Analyzer(char_filters=())

owned = st.lists(st.tuples(any_message, st.integers(0, 1)), max_size=40)
few = st.lists(
    st.tuples(st.sampled_from(["root", "admin", "test", "guest", "apsd", "QQ", "and", "size"]), message()), max_size=60
)


def same_as_the_oracle(pairs: list[tuple[str, int]]) -> None:
    fast, slow = fresh(PLAIN), oracle.Categorizer(KNOWN)
    found = assigned(fast, [text for text, _ in pairs], [owner for _, owner in pairs])
    wanted = [slow.assign(oracle.tokens(text, set(DATE_WORDS)), owner, len(text)) for text, owner in pairs]
    assert found == wanted
    live = fast.memory.live("categories")
    assert live["count"].tolist() == [one.count for one in slow.categories]
    assert live["max_length"].tolist() == [one.max_length for one in slow.categories]
    assert live["into"].tolist() == [-1 if one.into is None else one.into for one in slow.categories]
    assert fast.memory.live("kept")["common"].tolist() == [int(c) for one in slow.categories for c in one.common]
    assert fast.memory.live("kept")["kind"].tolist() == [kind for one in slow.categories for kind in one.kinds]


@given(pairs=owned)
@settings(deadline=None)
def test_categories_are_those_of_the_oracle(pairs):
    same_as_the_oracle(pairs)


@given(pieces=few, tail=st.sampled_from(["", " by nobody", " failed to read the next block of the file"]))
@settings(deadline=None)
def test_places_that_become_open_are_those_of_the_oracle(pieces, tail):
    same_as_the_oracle([(f"password for {name} was wrong again{tail if len(rest) % 2 else ''}", 0) for name, rest in pieces])


@given(pairs=owned, cuts=st.lists(st.integers(0, 40), max_size=4))
@settings(deadline=None)
def test_cuts_and_snapshots_change_nothing(pairs, cuts):
    whole, parts = fresh(), fresh()
    texts, owners = [text for text, _ in pairs], [owner for _, owner in pairs]
    wanted, found = assigned(whole, texts, owners), []
    edges = [0, *sorted(cuts), len(pairs)]
    for start, end in pairwise(edges):
        found += assigned(parts, texts[start:end], owners[start:end])
        parts = Categorizer.build(Analyzer(), state=parts.snapshot())
    assert found == wanted
    for name, array in whole.snapshot().items():
        assert array.tobytes() == parts.snapshot()[name].tobytes(), name


def test_rows_are_taken_in_order_whatever_is_taken_at_once(monkeypatch):
    texts = [f"{word} the {kind} again" for word in ("Opened", "Closed", "Removed") for kind in ("file", "socket", "lock")] * 5
    wanted = assigned(fresh(), texts)
    monkeypatch.setattr(room, "ROWS_AT_ONCE", 4)
    assert assigned(fresh(), texts) == wanted


def test_the_same_words_are_the_same_category_whatever_the_numbers():
    assert assigned(fresh(), ["took 5 ms", "took 1.5 s", "took 12 KB", "took"]) == [0, 0, 0, 0]


def test_another_word_is_another_category():
    texts = ["session opened for user root", "session closed for user root", "session opened for user apsd"]
    assert assigned(fresh(), texts) == [0, 1, 0]


def test_eight_words_in_one_place_make_it_open():
    names = ["router", "admin", "test", "story", "root", "oracle", "support", "backup", "manager"]
    categorizer = fresh()
    texts = [f"Accepted password for {name} from the console" for name in names]
    assert assigned(categorizer, texts) == [0, 1, 2, 3, 4, 5, 6, 0, 0]
    assert assigned(categorizer, texts) == [0] * 9
    assert categorizer.memory.live("categories")["into"].tolist() == [-1, 0, 0, 0, 0, 0, 0]


def test_partitions_do_not_share_categories():
    assert assigned(fresh(), ["Disk is full", "Disk is full", "Disk is full"], [0, 1, 0]) == [0, 1, 0]


def test_rows_without_message_or_partition_have_no_category():
    import polars as pl  # noqa: PLC0415

    found = fresh().assign(pl.Series(["Disk is full"]), np.array([0, -1, 0]), np.array([0, 0, -1], np.int32))
    assert found.tolist() == [0, -1, -1]


def test_what_would_be_one_category_too_many_has_none_and_is_counted(monkeypatch):
    monkeypatch.setattr(room, "MOST_CATEGORIES", 2)
    categorizer = fresh()
    assert assigned(categorizer, ["Disk is full", "Link is down", "Power has failed", "Disk is full"]) == [0, 1, -1, 0]
    assert categorizer.memory.owners["failed"].tolist() == [1]


def test_forms_beyond_those_remembered_are_compared_each_time(monkeypatch):
    monkeypatch.setattr(room, "MOST_FORMS", 1)
    assert assigned(fresh(), ["Disk is full", "Link is down", "Link is down", "Disk is full"]) == [0, 1, 1, 0]


def test_a_partition_whose_categories_make_no_sense_is_stopped_at_the_same_row_however_it_is_cut():
    words = sorted(KNOWN)[::40]
    texts = [f"{a} {b}" for a, b in zip(words, reversed(words), strict=True)][:150]
    whole, parts = fresh(stop_on_warn=True), fresh(stop_on_warn=True)
    wanted = assigned(whole, texts)
    assert wanted.index(-1) == 100
    assert [one for at in range(0, 150, 7) for one in assigned(parts, texts[at : at + 7])] == wanted
    assert assigned(whole, ["Disk is full"], [1]) == [100]


def test_a_snapshot_of_another_format_is_refused():
    state = fresh().snapshot() | {"format": np.array([99])}
    with pytest.raises(ValueError, match="format of categories=99: wanted 1"):
        Categorizer.build(Analyzer(), state=state)
