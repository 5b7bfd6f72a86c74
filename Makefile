.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The Python that makes the environment: `make test PYTHON=python3.13 VENV=.venv313`.
PYTHON ?= python3
VENV ?= .venv
# Where `make interop` puts Spark, moto, dbt and their jars.
PEERS ?= .venv-interop
# More for pytest: `make test ARGS="-k period"`.
ARGS ?=
# How many tests run at once, each worker with a PostgreSQL of its own: `make test WORKERS=0`.
WORKERS ?= auto

# Tests start our programs hundreds of times: without bytecode each would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
READY := $(VENV)/.ready
DOCUMENTS := $(wildcard README.md docs/*.md)
REWRITTEN := $(wildcard tests/test_docs*.py tests/test_transcripts*.py tests/test_acceptance*.py tests/acceptance)

.PHONY: help install lint types layers docs test check wheel demo bench bench-large corpus interop torture fuzz rewrite clean

help:      ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(READY)  ## Make the virtual environment, or bring it up to date

# The stamp is newer than pyproject.toml exactly when the environment fits it.
# pip goes first: the one a bare Python 3.11 brings does not know --group.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; say: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev --group sail
	@touch $@

lint: $(READY)  ## Formatting and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)  ## Types, strictly
	$(BIN)/mypy

layers: $(READY)  ## What may import what
	$(BIN)/lint-imports

docs: $(READY)  ## Generated parts of the documents are current
	$(BIN)/python -m cogapp --check --diff $(DOCUMENTS)

test: $(READY)  ## Tests and doctests, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal $(ARGS)

wheel: $(READY)  ## Build sdist and wheel into dist/, and look inside
	rm -rf dist
	TEMPORAL_LINEAGE_DIST=dist $(BIN)/python -m pytest tests/test_wheel.py -m wheel $(ARGS)

check: lint types layers docs test wheel  ## All that CI runs

demo: $(READY)  ## The main job on real tables, from nothing
	$(BIN)/tl demo

bench: $(READY)  ## Measure, and print a table
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks

bench-large: $(READY)  ## A hundred million facts in PostgreSQL: twenty minutes, ten gigabytes
	$(BIN)/python -m benchmarks.large_ledger $(ARGS)

corpus: $(READY)  ## Score the readers on tables of other projects: ARGS="--only delta --quiet"
	$(BIN)/python -m benchmarks.corpus $(ARGS)

interop:   ## Real peers: PostgreSQL, S3, Glue, Nessie, Hive, Spark, dbt; in an environment of its own
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; say: make PYTHON=python3.11")'
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/bin/python -m pip install --quiet --editable . --group interop
	$(PEERS)/bin/python tests/interop/jars.py
	command -v npm >/dev/null && npm install --silent --no-audit --no-fund --prefix $(PEERS)/node mermaid@11 jsdom@26 || echo "no Mermaid, so tests with it will be skipped"
	test -x $(PEERS)/dbt/bin/python || $(PYTHON) -m venv $(PEERS)/dbt
	$(PEERS)/dbt/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/dbt/bin/python -m pip install --quiet --group dbt
	test -x $(PEERS)/engines/bin/python || $(PYTHON) -m venv $(PEERS)/engines
	$(PEERS)/engines/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/engines/bin/python -m pip install --quiet --editable . --group engines
	$(PEERS)/engines/bin/python -m pip install --quiet --no-deps daft tqdm
	$(PEERS)/bin/python -m pytest tests/interop -m interop -W default -ra $(ARGS)
	TEMPORAL_LINEAGE_JARS="$${TEMPORAL_LINEAGE_JARS:-$(abspath $(PEERS))/jars}" $(PEERS)/engines/bin/python -m pytest tests/interop/test_engines.py tests/test_engines.py tests/test_sifting.py -m "not wheel" -W default -ra $(ARGS)

torture: $(READY)  ## More than a thousand kills of the ledger's work, on both databases: ARGS="--seed 7"
	PYTHONPATH=tests $(BIN)/python -m torture kills $(ARGS)

fuzz: $(READY)  ## Every decoder under guided fuzzing, a minute each: ARGS="--seconds 600 --decoder sql"
	$(BIN)/python -m pip install --quiet --group fuzz
	PYTHONPATH=tests $(BIN)/python -m torture fuzz $(ARGS)

rewrite: $(READY)  ## Let the program rewrite its documents and goldens; then read the diff
	$(if $(REWRITTEN),REWRITE=1 $(BIN)/python -m pytest $(REWRITTEN))
	$(BIN)/python -m cogapp -r $(DOCUMENTS)

clean:     ## Remove what was made, except the environment
	rm -rf build dist *.egg-info htmlcov .coverage .coverage.*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find benchmarks catalogs snapshots temporal_lineage tests -name __pycache__ -prune -exec rm -rf {} +
