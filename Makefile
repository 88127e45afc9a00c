# Two commands to know: `make run` and `make test`. Both set up everything they need.
SHELL := /bin/bash
PY := .venv/bin/python
STORE ?= sqlite
NAME ?=
QUICK ?=
PORT ?= 8420
.DEFAULT_GOAL := help

.PHONY: help setup services run test unit lint docs bench clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: .venv/.tools ## install Sekisho and the tools of its tests into .venv

# what `make run` needs, and what everything else needs beside it
.venv/.site: EXTRAS := site
.venv/.tools: EXTRAS := site,dev
.venv/.site .venv/.tools: pyproject.toml
	@command -v python3 >/dev/null || { echo "python3 (3.11 or newer) is needed: install it and try again"; exit 1; }
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

services: setup ## start or install PostgreSQL when none is listening
	@bash tools/services.sh

run: .venv/.site ## make the sample studio and serve its policy page (STORE=postgresql for PostgreSQL)
	@if [ "$(STORE)" = postgresql ]; then \
	  bash tools/services.sh postgresql && . var/services.env && \
	  export SEKISHO_DEMO_URL="$${SEKISHO_DEMO_URL:-$${SEKISHO_TEST_POSTGRESQL%/*}/sekisho_demo}"; \
	fi; exec .venv/bin/sekisho demo --store $(STORE) --port $(PORT) --serve

unit: setup ## the tests that need no server, in seconds
	@$(PY) -m pytest -q -m unit

lint: setup ## ruff, mypy, import contracts, docs
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) tools/docs.py --check

docs: setup ## make the reference pages from the code
	@$(PY) tools/docs.py

test: lint services ## everything
	@bash tools/test.sh

bench: setup ## benchmarks; NAME=gate for one, QUICK=1 for a short run
	@$(PY) -m bench $(if $(NAME),--name $(NAME)) $(if $(QUICK),--quick)

clean: ## remove what was built and the sample studio
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache
