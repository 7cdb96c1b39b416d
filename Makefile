# The few commands a person needs. Each sets up what it lacks; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test serve lint bench
PY := $(or $(EGRET_VENV),.venv)/bin/python
JOBS ?= auto
# Tests keep their compiled modules, also where Python is told to write none beside the sources: a run starts hundreds of processes.
COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(or $(EGRET_VAR),$(CURDIR)/var)/compiled

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: ## run the whole market once, on real data, and verify its evidence offline
	@scripts/setup product
	@$(PY) -m marketplace.demo

serve: ## leave the same server running with the demo's data; Ctrl-C stops it
	@scripts/setup product
	@$(PY) -m marketplace.demo --serve

test: ## run the tests; ARGS="tests/base -k name" picks some
	@scripts/setup dev
	@$(COMPILED) $(PY) -m pytest -n $(JOBS) $(ARGS)

lint: ## run the static checks
	@scripts/setup dev
	@$(PY) -m ruff check --output-format concise
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@$(dir $(PY))lint-imports --no-logo

bench: ## measure the claims; NAME=calibrate runs one
	@scripts/setup dev
	@$(PY) -m benchmarks $(NAME)
