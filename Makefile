# Everything here needs Python 3.11, 3.12 or 3.13 and nothing else; `make` alone lists the targets.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet

# A name on the path may be a stub that runs nothing, so each is asked what it is.
CHECK := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	if $$name -c '$(CHECK)' >/dev/null 2>&1; then echo $$name; break; fi; done)
endif

.PHONY: help
help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

.PHONY: demo
demo: $(VENV)/installed  ## install what is needed into .venv, then show the ledger at work
	@$(BIN)/loyalty demo

.PHONY: test
test: lint  ## install the same and what tests need, lint, then run every test on both databases
	@$(BIN)/python -m pytest -n 4 --dist worksteal

.PHONY: lint
lint: $(VENV)/installed-tests  ## style, types and the contracts between modules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy src projections tests
	@$(BIN)/lint-imports

.PHONY: laws
laws: $(VENV)/installed-tests  ## laws with 10,000 examples each, races of 1,000 rounds; takes a while
	@LOYALTY_LAWS=laws $(BIN)/python -m pytest -n 2 tests/laws
	@LOYALTY_LAWS=laws $(BIN)/python -m pytest tests/faults/*_races.py

.PHONY: fuzz
fuzz: $(VENV)/installed-tests  ## ask the service 5,000 made-up things on each database; SEED=N asks them again
	@LOYALTY_FUZZ=5000 LOYALTY_SEED=$(SEED) $(BIN)/python -m pytest -n 2 tests/http_service/test_fuzz.py

.PHONY: bench
bench: $(VENV)/installed-bench  ## measure the whole year; takes a while
	@$(BIN)/python bench/run.py $(BENCH)

.PHONY: pins
pins:  ## pin the dependencies anew; needs uv
	@set -e; \
	pin() { uv pip compile --quiet --no-config --universal --python-version 3.11 --no-header \
		--no-annotate --no-emit-index-url --generate-hashes --group build pyproject.toml "$$@"; }; \
	pin --upgrade -o requirements.txt; \
	pin --upgrade --extra test -c requirements.txt -o tests/requirements.txt; \
	pin --upgrade --extra test --extra bench -c tests/requirements.txt -o bench/requirements.txt

.PHONY: clean
clean:  ## remove what was installed and what tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find src projections tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "make: no Python 3.11, 3.12 or 3.13 with venv on the path;" >&2; \
		echo "name one with: make PYTHON=/path/to/python ..." >&2; exit 1; fi
	@"$(PYTHON)" -c '$(CHECK)' || { \
		echo "make: PYTHON=$(PYTHON) is not Python 3.11, 3.12 or 3.13 with venv" >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: requirements.txt
$(VENV)/installed-tests: tests/requirements.txt
$(VENV)/installed-bench: bench/requirements.txt
$(VENV)/installed $(VENV)/installed-tests $(VENV)/installed-bench: $(VENV)/made pyproject.toml
	@echo "installing $(filter %requirements.txt,$^) into $(VENV)"
	@$(PIP) install --require-hashes --requirement $(filter %requirements.txt,$^)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
