# Tastebuds: `make help` says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
# The system's Python where it will do: distributions build theirs with profiles, what pyenv builds by
# itself is not, and takes half as long again for the same code. `make PYTHON=python3.12 …` decides.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
BIN := .venv/bin
SERVICES := auth catalog ingest menus gateway
PACKAGES := libs/common libs/contracts $(SERVICES:%=services/%) deploy/local
PROTOS = $(shell find proto/tastebuds -name '*.proto')

.DEFAULT_GOAL := help
.PHONY: help install up start status logs stop reset proto proto-check lint types imports check test bench bench-data chaos format lock

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 16

install: .venv/.installed  ## make .venv with the pinned packages (done by the others as needed)

.venv/.installed: requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tastebuds needs Python 3.11 or newer; try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PACKAGES:%=-e %)
	@touch $@

up: install  ## start everything in the foreground, with a demo; Ctrl-C stops it
	@exec $(BIN)/tastebuds up

start: install  ## the same in the background; returns when everything is ready
	@exec $(BIN)/tastebuds start

status: install  ## what runs, where, and whether it is ready
	@exec $(BIN)/tastebuds status

logs: install  ## follow the logs
	@exec $(BIN)/tastebuds logs -f

stop: install  ## stop everything; the data stays
	@exec $(BIN)/tastebuds stop

reset: install  ## delete all data, after asking
	@exec $(BIN)/tastebuds reset

proto: install  ## regenerate libs/contracts from proto/
	@rm -rf libs/contracts/src/tastebuds && mkdir -p libs/contracts/src
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -Iproto --python_out=libs/contracts/src \
	  --grpc_python_out=libs/contracts/src --mypy_out=quiet:libs/contracts/src --mypy_grpc_out=quiet:libs/contracts/src $(PROTOS)

proto-check: install  ## lint proto/, check it against the last commit on main, and that libs/contracts is up to date
	@$(BIN)/buf lint proto
	@$(BIN)/buf format -d --exit-code proto
	@if git rev-parse -q --verify origin/main:proto >/dev/null 2>&1; then $(BIN)/buf breaking proto --against '.git#ref=origin/main,subdir=proto'; fi
	@rm -rf .venv/proto-check && mkdir -p .venv/proto-check
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -Iproto --python_out=.venv/proto-check \
	  --grpc_python_out=.venv/proto-check --mypy_out=quiet:.venv/proto-check --mypy_grpc_out=quiet:.venv/proto-check $(PROTOS)
	@diff -r -x __pycache__ .venv/proto-check/tastebuds libs/contracts/src/tastebuds || { echo "libs/contracts is stale: run make proto"; exit 1; }

lint: install  ## ruff
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: install  ## mypy
	@$(BIN)/mypy

imports: install  ## who may import whom
	@$(BIN)/lint-imports

check: lint types imports proto-check  ## lint, types, import contracts, proto

test: check  ## everything CI runs: check, then all tests on their own Postgres and NATS
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup

bench: install  ## what requests cost, in a stack of its own; WORKS=200000,1000000 for large catalogues
	@$(BIN)/python -m bench $(if $(WORKS),--works $(WORKS))

bench-data: install  ## load N invented works (200000) into the stack that runs
	@$(BIN)/python -m bench.loading $(or $(N),200000)

chaos: install  ## kill and starve the stack while webhooks come in; ends with 1 on any loss (minutes)
	@$(BIN)/python -m chaos

format: install  ## let ruff and buf rewrite the files
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format
	@$(BIN)/buf format -w proto

lock: install  ## pin requirements.in into requirements.lock with hashes
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --universal --python-version 3.11 requirements.in -o requirements.lock
