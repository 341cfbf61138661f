"""Results to write as documents."""

import pytest

from barograph.results.results import Results
from tests.known_results import known_results


@pytest.fixture
def results() -> Results:
    return known_results()
