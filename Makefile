# Two commands do everything on a fresh Debian or Ubuntu with Python 3.11 or newer:
#   make demo    install into .venv and find the anomalies in a real series
#   make test    install what the tests need and run them
# PYTHON=python3.12 make demo   chooses the interpreter.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml CMakeLists.txt $(wildcard $(addprefix src/barograph/kernels/,*.cpp *.hpp math/*.hpp))

# Tests start the program some hundred times; where it must be compiled anew each time, that is a third of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo install test test-full lint sanitize mutants bench clean

help:
	@sed -n '2,4p' Makefile | cut -c3-
	@echo '  make test-full  the slow statistical suites as well'
	@echo '  make lint       style, types and import rules'
	@echo '  make sanitize   the kernels and the models under the address and undefined-behaviour sanitizers'
	@echo '  make mutants    changes to the code that no test notices; takes hours'
	@echo '  make bench      every figure of docs/benchmarks.md'

demo: .venv/.demo
	@$(BIN)/barograph demo

install: .venv/.demo

test: .venv/.test
	$(MAKE) --jobs 2 --output-sync lint sanitize
	$(BIN)/python -m pytest -q -n 3 -m "not slow"

test-full: .venv/.test
	$(BIN)/python -m pytest -q -n 2

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

sanitize: .venv/.test
	@scripts/sanitize

mutants: .venv/.test
	@scripts/mutants $(MUTANTS)

bench: .venv/.test
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv build dist

.venv/.python:
	@scripts/prepare build $(PYTHON)
	$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check scikit-build-core nanobind cmake ninja
	@touch $@

.venv/.demo: .venv/.python $(SOURCES)
	@echo 'installing barograph into .venv (about a minute the first time)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e .
	@touch $@

.venv/.test: .venv/.demo
	@scripts/prepare test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[test]'
	@printf '%s\n' elasticsearch-8 elasticsearch-9 opensearch-2 opensearch-3 | xargs -P 4 -n 1 $(BIN)/python scripts/client
	@touch $@
