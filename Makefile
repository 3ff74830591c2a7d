# Needs make and Python 3.11 to 3.13, nothing else. `make` alone lists the targets.

PYTHON ?= python3
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest $(if $(filter-out 1,$(JOBS)),-n $(JOBS) --dist loadfile --max-worker-restart=0) $(PYTEST_ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow lint bench docs clean

help:
	@echo "make demo       find motifs in data that the package makes, and write a report"
	@echo "make test       run the tests (JOBS=1: one by one, PYTEST_ARGS=-x: any option of pytest)"
	@echo "make test-slow  run the tests that take minutes"
	@echo "make lint       ruff check, ruff format --check, pyright"
	@echo "make bench      run the benchmarks at full size"
	@echo "make docs       build the documentation into site/ (mkdocs, strictly)"
	@echo "make clean      remove caches, builds and the demo's output; .venv stays"
	@echo "Every target makes .venv if needed. PYTHON=/path/to/python3.12 takes another Python."

demo: $(VENV)/.package
	$(BIN)/seqcnn demo --force

test: $(VENV)/.dev
	$(PYTEST)

# without the cheap compilation of tests/conftest.py: programs are made as users get them
test-slow: $(VENV)/.dev
	XLA_FLAGS="$$XLA_FLAGS" $(PYTEST) -m slow

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

bench: $(VENV)/.dev
	@set -e; found=; for file in benchmarks/bench_*.py; do \
		test -e "$$file" || continue; found=1; echo "== $$file"; $(BIN)/python "$$file"; \
	done; test -n "$$found" || echo "There are no benchmarks yet."

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open site/index.html"

clean:
	rm -rf build dist site demo_seqcnn .pytest_cache .ruff_cache .hypothesis *.egg-info
	find seqcnn tests benchmarks examples tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are older than pyproject.toml or constraints.txt when these change: install again then.
$(VENV)/.package: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.package

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[docs]'
	@touch $@ $(VENV)/.package

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no '$(PYTHON)' here. Install Python 3.11, 3.12 or 3.13, or name one:" \
			"make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "seqcnn needs Python 3.11, 3.12 or 3.13, but '$(PYTHON)' is" \
			"$$("$(PYTHON)" --version 2>&1). Name another: make PYTHON=/path/to/python3.12" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' lacks the module venv." \
			"On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV); the first installation takes some minutes."
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
