# `make run` and `make test` do everything, in a fresh clone with Python 3.11 and make.
PYTHON ?= python3
PORT ?= 8080
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml hatch_build.py package-lock.json src/tocsin/web/icons.txt

.PHONY: run test check bench clean

run: $(VENV)/.run
	@$(BIN)/tocsin demo --port $(PORT)

test: $(VENV)/.test
	@sh tests/peers/install.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff format --check src tests bench hatch_build.py
	$(BIN)/ruff check src tests bench hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/vulture
	$(BIN)/python tests/lengths.py

bench: $(VENV)/.test
	@sh tests/peers/install.sh
	@$(BIN)/python -m bench $(ARGS)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[postgres,apprise,fair,ical]'
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[postgres,apprise,fair,ical,test,quality]'
	@touch $@

clean:
	rm -rf $(VENV) .cache dist node_modules src/tocsin/web/static/vendor
