"""Which names are told where entities of several fields explain a record: the fewest, and such as chance does not pick."""

import numpy as np
import pytest

from barograph.scoring.simplest import Explanations, simplest

# One row a field: (names, of so many entities, explained, usual share of the rows, rows that may be odd).
Field = tuple[int, int, float, float, float]


def told(*fields: Field, scatter: float = 0.0, of_member: bool = False) -> list[bool]:
    """Of one leaf, each field's answer."""
    names, entities, explained, usual_share, rows = (np.array(column) for column in zip(*fields, strict=True))
    position = np.arange(len(fields))
    return simplest(
        Explanations(
            leaf=np.zeros(len(fields), np.int64),
            field=position,
            names=names,
            entities=entities,
            explained=explained.astype(float),
            scatter=np.full(len(fields), scatter),
            usual_share=usual_share.astype(float),
            rows=rows.astype(float),
            of_member=np.full(len(fields), of_member),
        )
    ).tolist()


def test_a_guilty_pair_names_both() -> None:
    assert told((1, 50, 1.0, 0.02, 2), (1, 20, 1.0, 0.05, 2)) == [True, True]


def test_one_name_is_simpler_than_the_names_of_those_who_share_its_rows() -> None:
    assert told((1, 50, 1.0, 0.02, 10), (5, 20, 1.0, 0.25, 10)) == [True, False]
    # Also where few of the others had any such rows before, so that chance picks them less easily.
    assert told((1, 4, 1.0, 0.25, 100), (3, 50, 1.0, 0.06, 100)) == [True, False]


def test_names_that_chance_picks_are_not_told_beside_as_many_others() -> None:
    """Four odd rows of two of 50 hosts: they lie at two of 20 urls in one record of thirty, but hundreds may be at two."""
    assert told((2, 50, 1.0, 0.04, 4), (2, 20, 1.0, 0.1, 4)) == [True, False]
    assert told((2, 50, 1.0, 0.04, 100), (2, 20, 1.0, 0.1, 100)) == [True, True]


def test_fewer_names_that_explain_less_are_no_simpler_explanation() -> None:
    assert told((2, 50, 1.0, 0.04, 4), (1, 20, 0.7, 0.05, 4)) == [True, False]
    assert told((5, 50, 1.0, 0.1, 20), (3, 12, 0.6, 0.25, 20)) == [True, False]


def test_four_names_are_no_simpler_than_five() -> None:
    assert told((5, 20, 1.0, 0.25, 15), (4, 12, 0.9, 0.33, 15)) == [True, False]


def test_who_explains_a_little_more_by_far_more_names_does_not_outdo_one() -> None:
    assert told((1, 20, 0.85, 0.05, 20), (8, 12, 1.0, 0.67, 20)) == [True, False]


def test_what_a_pair_lacks_by_its_usual_scatter_is_not_held_against_it() -> None:
    pair: tuple[Field, Field] = (1, 50, 1.0, 0.02, 2), (1, 20, 0.8, 0.05, 2)
    assert told(*pair, scatter=0.0) == [True, False]
    assert told(*pair, scatter=0.15) == [True, True]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_only_field_is_always_told(share: float) -> None:
    assert told((3, 20, 0.9, share, 30)) == [True]


def test_where_nobody_is_to_blame_nobody_is_told() -> None:
    numbers, parts = (np.zeros(0, np.int64) for _ in range(4)), (np.zeros(0) for _ in range(4))
    assert simplest(Explanations(*numbers, *parts, np.zeros(0, np.bool_))).tolist() == []


def test_beside_an_odd_member_of_a_population_several_names_must_be_no_chance() -> None:
    """18 rows of one user: each of another url, two thirds of them at three of thirty, and all at three or at one."""
    assert told((18, 26, 1.0, 0.0, 18), of_member=True) == [False]
    assert told((3, 30, 0.67, 0.3, 18), of_member=True) == [False]
    assert told((3, 30, 1.0, 0.1, 18), of_member=True) == [True]
    assert told((1, 30, 1.0, 0.5, 18), of_member=True) == [True]


def test_the_fields_of_one_leaf_say_nothing_of_another() -> None:
    leaf, two = np.array([0, 0, 1]), np.full(3, 2)
    of = Explanations(
        leaf=leaf,
        field=np.array([0, 1, 1]),
        names=two,
        entities=np.array([50, 20, 20]),
        explained=np.ones(3),
        scatter=np.zeros(3),
        usual_share=np.array([0.04, 0.1, 0.1]),
        rows=np.full(3, 4.0),
        of_member=np.zeros(3, np.bool_),
    )
    assert simplest(of).tolist() == [True, False, True]
