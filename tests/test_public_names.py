"""What `import barograph` gives, and what it costs."""

import subprocess
import sys

import pytest

import barograph

HEAVY = {"numpy", "pandas", "polars", "pydantic", "sqlalchemy", "msgspec"}


def test_the_names_are_there_before_they_are_used():
    assert dir(barograph) == sorted(barograph.__all__)
    assert {"Engine", "Stream", "load_job", "run", "score"} < set(dir(barograph))


@pytest.mark.parametrize("name", barograph.__all__)
def test_each_name_can_be_used(name):
    assert getattr(barograph, name).__name__ == name


def test_importing_it_imports_nothing_heavy():
    script = "import sys, barograph; dir(barograph); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert HEAVY & set(done.stdout.split()) == set()


def test_pandas_is_not_needed():
    script = "import sys; sys.modules['pandas'] = None; import barograph; print(barograph.score([1, 2, 3]).height)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "3\n"
