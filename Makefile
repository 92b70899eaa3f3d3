# What a person does here. `make` lists the targets.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
SLOW := integration or fault or e2e
SLOWEST := slow_fault
COVERAGE :=
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # without compiled files every start takes seconds longer

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-faults check lint unit run bench bench-graph openapi lock format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing: Debian packages, .venv, locked packages
	@tools/setup.sh

demo: setup ## a German sentence becomes a delivered mail, for real
	$(PYTHON) -m examples.demo

run: setup ## start API and worker in one process
	.venv/bin/cpa up

test: setup ## everything: check, then the tests with servers, browsers and faults; coverage gate
	@$(MAKE) check COVERAGE="--cov --cov-report= --cov-fail-under=0"
	$(PYTEST) -n 2 --dist worksteal -m "($(SLOW)) and not $(SLOWEST)" --cov --cov-append --cov-report=term:skip-covered

test-faults: setup ## every fault test: kills, Redis, network, disk, locks, clocks, crowds
	$(PYTEST) -n 2 --dist worksteal -m "fault or $(SLOWEST)"

check: setup lint unit ## format, lint, types, import contracts, YAML, unit and contract tests; under a minute

lint:
	.venv/bin/ruff format --check --quiet
	.venv/bin/ruff check --quiet
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv/bin/pre-commit validate-config

unit:
	$(PYTEST) -n 2 -m "not ($(SLOW))" $(COVERAGE)

bench: setup bench-graph ## all benchmarks

bench-graph: setup ## task graph against graphlib and networkx
	$(PYTHON) -m bench.graph

openapi: setup ## write docs/openapi.json from the code
	$(PYTHON) -m scheduler.api.schema > docs/openapi.json

lock: setup ## renew requirements.lock from pyproject.toml
	.venv/bin/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" \
		--group dev --group bench pyproject.toml -o requirements.lock

format: setup ## let ruff format and repair
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

clean: ## remove caches and reports; keeps .venv and data
	rm -rf dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find scheduler examples bench tests -name __pycache__ -type d -prune -exec rm -rf {} +
