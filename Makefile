# Needs python3 (3.11 or newer) and make. Everything else is put into .venv on the first call.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Named by what they were made from: a changed lock file makes the environment anew.
RUNTIME := $(VENV)/.runtime-$(shell cksum < requirements.txt | tr ' ' '-')
TOOLS := $(VENV)/.tools-$(shell cat requirements.txt requirements-dev.txt | cksum | tr ' ' '-')
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help run test test-long journeys shots check bench format lock clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(RUNTIME) ## start everything and sync a demo district (ONCE=1: stop after the summary; PORT=, PEOPLE=)
	@exec $(BIN)/python manage.py demo $(if $(filter 1,$(ONCE)),--once) $(PORT:%=--port %) $(PEOPLE:%=--people %)

test: $(TOOLS) ## run the tests (TESTS=path for some of them)
	@exec $(BIN)/python -m pytest -n 2 $(TESTS)

test-long: $(TOOLS) ## run the tests that take minutes
	@exec $(BIN)/python -m pytest -n 2 --dist loadfile -m long $(TESTS)

journeys: $(TOOLS) ## run the tests in a real browser alone (needs a Chromium)
	@exec $(BIN)/python -m pytest -n 2 tests/journeys

shots: $(TOOLS) ## photograph every page in each of its states into var/shots/ (needs a Chromium)
	@exec $(BIN)/python -m pytest tests/journeys/shots.py

check: $(TOOLS) ## look at the code without running it: style, types, layers, migrations, the API's description
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check --dry-run --verbosity 1
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

bench: $(RUNTIME) ## measure against the floor; writes bench/results.json
	@exec $(BIN)/python -m bench

format: $(TOOLS) ## lay the code out
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: ## resolve the versions anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--extra embedded pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
		--group pyproject.toml:dev -c requirements.txt -o requirements-dev.txt

clean: ## remove what was made, except the data under var/
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	@echo "Installing what the product needs into $(VENV) ..."
	@$(PIP) -r requirements.txt
	@rm -f $(VENV)/.runtime-* && touch $@

$(TOOLS): | $(RUNTIME)
	@echo "Installing the tools for tests and checks into $(VENV) ..."
	@$(PIP) -r requirements.txt -r requirements-dev.txt
	@rm -f $(VENV)/.tools-* && touch $@
