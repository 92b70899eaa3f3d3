# What a person does here. `make` lists the targets.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
SLOW := integration or fault or e2e or component
SLOWEST := slow_fault
# unit and contract tests wait for no disk where memory can be one; what must outlive a kill is tried on a real one
IN_MEMORY := $(shell [ -w /dev/shm ] && [ $$(df -k --output=avail /dev/shm | tail -1) -gt 1000000 ] && echo TMPDIR=/dev/shm)
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE # without compiled files every start takes seconds longer

.DEFAULT_GOAL := help
.PHONY: help setup setup-for-tests demo test coverage test-faults test-chaos test-portal check lint unit-words unit-works simulate run bench bench-graph \
	bench-listing bench-venvs bench-queue bench-web bench-api bench-intent bench-office bench-agents bench-growth bench-profile bench-lock \
	load vectors openapi lock \
	format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## install what is missing: Debian packages, .venv, locked packages
	@tools/setup.sh

setup-for-tests:
	@tools/setup.sh --for-tests

demo: setup ## a German sentence becomes a delivered mail, for real
	$(PYTHON) -m examples.demo

run: setup ## start API and worker in one process
	.venv/bin/cpa up

test: setup-for-tests ## everything: check, then whole services, all examples, servers, browsers and faults
	@$(MAKE) check
	$(PYTEST) -n 4 --dist worksteal -m "($(SLOW) or hypothesis) and not $(SLOWEST)"

coverage: setup-for-tests ## the same tests with their coverage, and its gate; takes twice as long
	$(PYTEST) -n 2 --dist worksteal -m "not $(SLOWEST)" --cov --cov-report=term:skip-covered

test-faults: setup ## every fault test: kills, Redis, network, disk, locks, clocks, crowds
	$(PYTEST) -n 2 --dist worksteal -m "fault or $(SLOWEST)"

test-chaos: setup ## 2,000 jobs by six agents that are killed, frozen, restarted, cut off; SEED=... repeats a story
	FAULT_SEED=$(SEED) $(PYTEST) -n 0 -s tests/chaos -m "fault or $(SLOWEST)"

test-portal: setup ## the main job on pretix, a portal nobody here wrote; installs it into .venv-pretix first
	@tools/pretix-venv.sh
	$(PYTEST) tests/e2e/test_pretix.py

check: setup ## format, lint, types, import contracts, YAML, unit and contract tests, side by side
	@$(MAKE) -j $$(nproc) --output-sync=line lint unit-words unit-works

lint:
	.venv/bin/ruff format --check --quiet
	.venv/bin/ruff check --quiet
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv/bin/pre-commit validate-config

# Two processes, each with its folders: workers would all import and collect everything, and one more would hear them out.
UNIT = $(IN_MEMORY) $(PYTEST) --hypothesis-profile=quick -o tmp_path_retention_policy=failed -m "not ($(SLOW))"
WORDS := tests/core tests/executors tests/llm

unit-words:
	$(UNIT) $(WORDS)

unit-works:
	$(UNIT) $(WORDS:%=--ignore=%)

simulate: setup ## N=2000 random histories full of faults in virtual time; SEED=... tells one of them
	$(PYTHON) -m tests.simulation $(if $(SEED),$(SEED),-n $(or $(N),2000))

bench: setup bench-graph bench-listing bench-queue bench-web bench-api ## all benchmarks but bench-growth

bench-graph: setup ## task graph against graphlib and networkx
	$(PYTHON) -m bench.graph

bench-listing: setup ## lists, filters and leases with a million finished jobs in the store
	$(PYTHON) -m bench.listing

bench-venvs: setup
	@tools/bench-venvs.sh peers arq prefect

bench-queue: bench-venvs ## jobs a second, latency, graphs, kill -9: beside dramatiq, saq, celery, DBOS, Temporal, ...
	$(PYTHON) -m bench.queue

bench-web: setup ## steps in the browser beside raw Playwright, Robot Framework Browser, Selenium and browser-use
	@tools/bench-venvs.sh robot selenium browseruse
	$(PYTHON) -m bench.web

bench-api: setup ## jobs accepted a second on one core, and that none is lost by kill -9
	$(PYTHON) -m bench.api

bench-intent: setup ## intents learned from examples on BANKING77 and HWU64; CPA_INTENT_DATA names their folder
	$(PYTHON) -m bench.intent

bench-office: setup ## 200 office requests and 60 sentences that are none, which nothing was tuned on
	$(PYTHON) -m bench.office

bench-agents: setup ## a thousand agents: choosing one, their signs of life, their messages, a hop to one and back
	$(PYTHON) -m bench.agents

bench-growth: setup ## what a job costs with a million jobs in the database, and with a thousand tenants; takes long
	$(PYTHON) -m bench.growth

bench-profile: bench-venvs ## where the worker's time goes while it drains
	$(PYTHON) -m bench.profile

load: bench-venvs ## 100 users on /schedule and /jobs/{job_id}
	$(PYTHON) -m bench.load

bench-lock: setup ## renew the locks of the peers in bench/peers
	for wanted in bench/peers/requirements-*.in bench/web/peers/requirements-*.in; do \
		.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command "make bench-lock" $$wanted -o $${wanted%.in}.txt; \
	done

vectors: setup ## learn examples of intents and slots anew after they or the words were changed, for a quick first start
	$(PYTHON) -m scheduler.llm.shipping
	$(PYTHON) -m bench.slot_tagging --write

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
	find scheduler agents examples bench tests -name __pycache__ -type d -prune -exec rm -rf {} +
