# Every verb does its own set-up; a red step in CI is reproduced by its own name. S=dispatch narrows test, check and logs to one package.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# uv where it is installed and works, else one of our own: `--target` needs neither root nor a pip that may change the system.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)
ELDERS ?= 5000
DAYS ?= 30
SEED ?= 1
KAFKA ?= auto
STATE ?= .state
PORT ?= 8080
PROCESSES ?= 3
# Every package, services/NAME/NAME: the list of services itself is services/city/city/names.py.
PACKAGES := $(foreach folder,$(wildcard services/*),$(if $(wildcard $(folder)/$(notdir $(folder))/__init__.py),$(notdir $(folder))))
PORTAL := $(if $(wildcard services/portal/package.json),services/gateway/gateway/portal/.built)
PROBLEMS := services/gateway/gateway/problems.json
SIMULATION = --elders $(ELDERS) --days $(DAYS) --seed $(SEED)
# Bytecode is kept whatever the shell says: a city is a dozen processes that import the same modules, and compiling them takes five seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: dashboards test-observability compose-up compose-down test-compose test-image lock-tools test-chart test-cluster help setup protos portal lock demo up status down logs simulate migrate topics bench test clients test-connected test-city test-rehearsals format check docs clean
help: ## print the verbs
	@awk 'BEGIN{FS=":.*## "} /^##@/{printf "\n%s\n",substr($$0,5)} /^[a-z-]+:.*## /{printf "  %-16s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

##@ Set-up
setup: $(VENV)/.ready $(PORTAL) $(PROBLEMS) ## make .venv with the `eldercare` command in it, and the portal
.uv/bin/uv:
	@$(PY) -m pip install --quiet --disable-pip-version-check --target .uv 'uv>=0.9'
$(VENV)/.deps: requirements.lock | $(filter .uv/bin/uv,$(UV))
	@$(PY) -c 'import sys; sys.exit("Python 3.11 or newer is needed, $(PY) is older: make PY=…" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(UV) venv --quiet --allow-existing --python $(PY) $(VENV)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@
# After the contracts: an editable install looks once for packages, and `eldercare` is one of them.
$(VENV)/.ready: $(VENV)/.deps pyproject.toml protos/gen/.built
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

protos: protos/gen/.built ## generate the Python code of the contracts
protos/gen/.built: $(VENV)/.deps $(shell find protos/eldercare -name '*.proto') protos/eldercare/terms.yaml protos/build.py
	@$(BIN)/python protos/build.py
	@touch $@

portal: $(PORTAL) ## build the web front with the Node.js of the lock; its types come from the OpenAPI document
services/portal/src/generated/openapi.json: protos/gen/.built $(addprefix services/gateway/gateway/contracts/,openapi.py schemas.py methods.py) | $(VENV)/.ready
	@mkdir -p $(@D) && $(BIN)/python -m gateway.contracts.openapi $@
services/gateway/gateway/portal/.built: services/portal/src/generated/openapi.json \
  $(shell find services/portal -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/src/generated/*' 2>/dev/null)
	@cd services/portal && export PATH="$(abspath $(BIN)):$$PATH" && npm ci --silent --no-audit --no-fund && npm run --silent build
	@mkdir -p $(@D) && touch $@

# What may be refused stands beside the flows of each service; the gateway knows none of them.
$(PROBLEMS): $(shell find services/*/*/ -name '*.py' -not -path '*/tests/*' -not -path '*/migrations/*') | $(VENV)/.ready
	@$(BIN)/python -m city.operations.problems $@

lock: | $(filter .uv/bin/uv,$(UV)) ## renew requirements.lock, and of its versions those of the image: -run (what it holds), -build (what builds it)
	@$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --python-version 3.11 requirements.in -o requirements.lock
	@for part in run build; do $(UV) pip compile --quiet --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
	  -c requirements.lock requirements-$$part.in -o requirements-$$part.lock || exit 1; done

##@ Run
demo: setup ## a fresh city, a synthetic one that acts in it, the truth beside the board (ELDERS DAYS SEED KAFKA PORT; ONCE=1 ends; KILL=3 kills its parts)
	@$(BIN)/eldercare demo $(SIMULATION) --kafka $(KAFKA) --port $(PORT) $(if $(ONCE),--once) $(if $(KILL),--kill $(KILL))
up: setup ## the whole city on this machine until Ctrl-C (KAFKA=auto|apache|memory|HOST:PORT)
	@$(BIN)/eldercare up --state $(STATE) --kafka $(KAFKA) --port $(PORT)
status: setup ## show the running city
	@$(BIN)/eldercare status --state $(STATE)
down: setup ## end the running city in good order
	@$(BIN)/eldercare down --state $(STATE)
logs: setup ## follow the logs of the running city (S=dispatch)
	@$(BIN)/eldercare logs $(S) --state $(STATE)
simulate: setup ## let the synthetic city act in the running one (ELDERS DAYS SEED)
	@$(BIN)/eldercare simulate $(SIMULATION) --state $(STATE)
migrate: setup ## bring the databases of a stopped or running city to the newest revision (S=dispatch)
	@$(BIN)/eldercare migrate $(S) --state $(STATE)
topics: setup ## make the topics that are missing
	@$(BIN)/eldercare topics apply --state $(STATE)
bench: setup ## measure (N=outbox|consumer|command|projection|board|gateway|flood|city)
	@$(BIN)/eldercare bench $(N)

##@ Prove
test: setup ## every test but the rehearsals, in PROCESSES=3; with KAFKA=memory, or without Java, what needs a real broker is named as left out
	@KAFKA=$(KAFKA) $(BIN)/pytest -q -m 'not rehearsal' $(if $(S),services/$(S),-n $(PROCESSES) --dist loadgroup)
test-connected: setup ## the tests that need a real Kafka broker
	@KAFKA=apache $(BIN)/pytest -q -m 'connected and not city' $(if $(S),services/$(S))
test-city: setup ## the tests that need a whole running city
	@KAFKA=$(KAFKA) $(BIN)/pytest -q -m 'city and not rehearsal'
clients: setup ## generate and compile clients from the OpenAPI documents of this tree and of the last release, as test_clients.py runs them
	@$(BIN)/python contracts-tests/generated_clients.py
test-rehearsals: setup ## disasters and upgrades on whole cities with real Kafka, minutes each: fail-over, backup and restore, rolling upgrade
	@KAFKA=apache $(BIN)/pytest -q -s -m rehearsal
format: setup ## format the code as `make check` wants it
	@$(BIN)/ruff format --quiet .
	@cd services/portal && PATH="$(abspath $(BIN)):$$PATH" npm run --silent format
check: setup ## format, style, types, import contracts, no circles, the glossary's words
	@$(BIN)/ruff format --check --quiet $(if $(S),services/$(S),.) || { echo "not formatted: make format" >&2; exit 1; }
	@cd services/portal && PATH="$(abspath $(BIN)):$$PATH" npm run --silent check
	@$(BIN)/ruff check $(if $(S),services/$(S),.)
	@$(BIN)/mypy $(foreach s,$(or $(S),$(PACKAGES)),-p $(s))
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q contracts-tests/test_imports.py contracts-tests/test_glossary.py

##@ Ship
compose-up: ## the city in containers, with Docker or podman (WITH=observability|simulation)
	@WITH="$(WITH)" compose/city up
compose-down: ## end it (ARGS=--volumes forgets its data)
	@WITH="$(WITH)" compose/city down $(ARGS)
test-compose: setup .venv-tools/.ready ## the try-out stack: read by Docker Compose's library, against settings and chart; the Dockerfile's style
	@.venv-tools/bin/hadolint services/Dockerfile
	@.venv-tools/bin/yamllint --strict -c compose/tests/yamllint.yaml compose
	@tools/build.py compose helm4 >/dev/null
	@$(BIN)/pytest -q compose/tests
test-image: setup ## build the image and run the platform in strict containers; needs root (KEEP=1 does not build anew)
	@$(BIN)/python services/image/prove.py --record charts/eldercare/docs/measured.md $(if $(KEEP),--keep-image)

.venv-tools/.ready: tools/requirements.lock | $(filter .uv/bin/uv,$(UV))
	@test -x .venv-tools/bin/python || $(UV) venv --quiet --allow-existing --python $(PY) .venv-tools
	@$(UV) pip install --quiet --python .venv-tools/bin/python --require-hashes -r tools/requirements.lock
	@touch $@
lock-tools: | $(filter .uv/bin/uv,$(UV)) ## renew tools/requirements.lock from tools/requirements.in
	@$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --no-emit-index-url --python-version 3.11 tools/requirements.in -o tools/requirements.lock
dashboards: setup .venv-tools/.ready ## write the rules of Prometheus and the dashboards of Grafana anew, from the names that the services declare
	@PYTHONPATH=charts/observability $(BIN)/python -m observability charts/eldercare
test-observability: setup .venv-tools/.ready ## alerts that fire when and only when, names that exist, dashboards as they are written (needs promtool)
	@command -v promtool >/dev/null || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq install -y --no-install-recommends prometheus >/dev/null; } || { echo "promtool is missing: install the Debian package prometheus" >&2; exit 1; }
	@$(BIN)/pytest -q -c charts/observability/pytest.ini charts/observability/tests
test-chart: .venv-tools/.ready ## the chart: rendered by Helm 4 and 3, schemas, rules, golden manifests (RENEW=1 writes them anew)
	@tools/build.py helm4 helm3 kubeconform >/dev/null
	@.venv-tools/bin/pytest -q -n 2 --dist loadfile -c charts/tests/pytest.ini charts/tests $(if $(RENEW),--renew)
test-cluster: .venv-tools/.ready ## the chart on a real API server: every scenario installed, upgraded, rolled back, removed (FROM=revision; the first time builds it)
	@tools/build.py k8s kwok helm4 helm3 >/dev/null
	@cd charts/cluster && PYTHONPATH=. ../../.venv-tools/bin/python -m cluster ../../.venv-tools/bin/pytest -q -n 2

##@ Rest
docs: setup ## write OpenAPI, AsyncAPI and the topics into build/docs, from the contracts
	@$(BIN)/python -m city.operations.docs build/docs
clean: ## remove what was generated; state folders of cities stay
	@rm -rf $(VENV) .uv build protos/gen services/gateway/gateway/portal $(PROBLEMS) services/portal/node_modules services/portal/src/generated .pytest_cache .mypy_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +; rm -rf ./*.egg-info .hypothesis .import_linter_cache
