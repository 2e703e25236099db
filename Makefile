PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench bench-search slow docs clean

demo: .venv/ready
	$(BIN)/convo-sync demo

# One process a processor: every test has a folder, a port and an archive of its own.
test: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal

slow: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "slow or not slow"

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_docs.py

docs: .venv/dev
	$(BIN)/python docs/generate.py

bench: .venv/dev
	$(BIN)/python -m benchmarks

bench-search: .venv/rivals
	$(BIN)/python -m benchmarks.search

# The pinned, hashed set first; the package itself last, since pip refuses an editable install beside hashes.
.venv/ready: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: .venv/ready constraints-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-dev.txt
	touch $@

# A rival that only `bench-search` needs. Where it cannot be installed, the benchmark says so and measures the rest.
.venv/rivals: .venv/dev benchmarks/constraints.txt
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/constraints.txt && \
		touch $@

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
