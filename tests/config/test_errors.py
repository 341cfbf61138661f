"""Errors are told apart by what their caller does next, so every raise has found its class."""

import ast
from pathlib import Path

import pytest

from barograph.config import errors
from barograph.store.errors import JobBusy, JobChanged, NoSuchJob

SOURCE = Path(__file__).parents[2] / "src" / "barograph"
CLASSES = (
    errors.NotFound,
    errors.BadRequest,
    errors.UnreadableInput,
    errors.Conflict,
    errors.StorageFailure,
    errors.OtherVersion,
)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_raises_a_class_that_says_not_what_to_do(path: Path) -> None:
    calls = [node.exc for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise)]
    raised = {call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)}
    assert not raised & {"BarographError", "InputError"}


def test_what_to_do_is_one_thing() -> None:
    for one in CLASSES:
        assert issubclass(one, errors.BarographError)
        assert not [other for other in CLASSES if other is not one and issubclass(one, other)]


def test_the_errors_of_jobs_and_configurations_have_a_class() -> None:
    assert issubclass(NoSuchJob, errors.NotFound)
    assert issubclass(JobBusy, errors.Conflict)
    assert issubclass(JobChanged, errors.Conflict)
    assert issubclass(errors.ConfigError, errors.BadRequest)
    assert issubclass(errors.OtherModels, errors.OtherVersion)


def test_a_library_that_catches_input_errors_gets_all_that_were_given_wrong() -> None:
    for given_wrong in (errors.BadRequest, errors.UnreadableInput):
        assert issubclass(given_wrong, errors.InputError)
