# Every verb does its own set-up; a red step in CI is reproduced by its own name.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ELDERS ?= 5000
DAYS ?= 30
SEED ?= 1
KAFKA ?= auto

.PHONY: help setup protos lock
help: ## print the verbs
	@awk 'BEGIN{FS=":.*## "} /^##@/{printf "\n%s\n",substr($$0,5)} /^[a-z-]+:.*## /{printf "  %-16s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

##@ Set-up
setup: $(VENV)/.ready ## make .venv with the `eldercare` command in it
$(VENV)/.deps: requirements.lock
	@command -v uv >/dev/null 2>&1 || $(PY) -m pip install --quiet uv || { $(PY) -m venv $(VENV)/uv && $(VENV)/uv/bin/pip install --quiet uv; }
	@UV=$$(command -v uv || echo $(VENV)/uv/bin/uv); test -x $(BIN)/python || $$UV venv --quiet --python $(PY) $(VENV); \
	 $$UV pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@
# After the contracts: an editable install looks once for packages, and `eldercare` is one of them.
$(VENV)/.ready: $(VENV)/.deps pyproject.toml protos/gen/.built
	@UV=$$(command -v uv || echo $(VENV)/uv/bin/uv); $$UV pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

protos: protos/gen/.built ## generate the Python code of the contracts
protos/gen/.built: $(VENV)/.deps $(shell find protos/eldercare -name '*.proto') protos/build.py
	@$(BIN)/python protos/build.py
	@touch $@

lock: ## renew requirements.lock from requirements.in
	uv pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url requirements.in -o requirements.lock
