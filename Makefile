# GridWhistle: `make help` lists what there is. Every target does the set-up it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# What `make up` may be told: make up BROKER=kafka SECURE=1 MONITORING=1 PORT_BASE=19000 STATE=.local/second
BROKER ?= tansu
STATE ?= .local
UP_OPTIONS = --broker $(BROKER) --state $(STATE) $(if $(SECURE),--secure) $(if $(MONITORING),--monitoring) \
	$(if $(PORT_BASE),--port-base $(PORT_BASE))

# `make test PYTEST_OPTIONS=-x`
PYTEST := $(BIN)/python -m pytest $(PYTEST_OPTIONS)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: up down demo
up: install ## everything on this machine, left running (BROKER=kafka SECURE=1 MONITORING=1 PORT_BASE=n)
	@$(BIN)/gridwhistle up $(UP_OPTIONS)

down: install ## end what `make up` started
	@$(BIN)/gridwhistle down --state $(STATE)

demo: install ## one day of a district at high speed, with its figures
	@$(BIN)/gridwhistle demo --broker $(BROKER) $(if $(PORT_BASE),--port-base $(PORT_BASE))

.PHONY: unit test test-kafka
unit: install ## unit tests only, on all processors
	@$(PYTEST) -n auto --dist worksteal tests/unit

test: install ## unit tests, then integration and end to end on Tansu and mongod
	@$(PYTEST) -n auto --dist worksteal -m "not integration and not kafka and not real"
	@$(PYTEST) -m "integration and not kafka and not real"

test-kafka: install ## integration, end to end and faults on Apache Kafka and mongod (Java 17, Maven)
	@GW_TEST_BROKER=kafka $(PYTEST) -m "integration or kafka or real"

.PHONY: model
model: install ## random histories and every deadline of two years against the reference model, for so long (MINUTES=10)
	@GW_MODEL_MINUTES=$(or $(MINUTES),10) $(PYTEST) -n auto --dist worksteal tests/model

.PHONY: image-test
image-test: install ## builds the image and runs docker-compose.yml's core with podman (root; podman runc debootstrap catatonit Maven)
	@GW_IMAGE_TEST=1 $(PYTEST) tests/containers

# Helm has no package that can be had everywhere, but it is a Go module; its checksum is in Go's own database of them.
HELM := helm.sh/helm/v3/cmd/helm@v3.19.0
.PHONY: helm
helm: ## the program helm, built from its Go module into .local/bin (some minutes the first time); tests of the chart use it
	@[ -x .local/bin/helm ] || GOBIN=$(CURDIR)/.local/bin go install $(HELM)
	@.local/bin/helm version --short

# `make fault SEED=3 REPORTS=5000 MINUTES=10`; `make soak MINUTES=10`
.PHONY: fault soak
fault: install ## 20,000 reports while everything is killed, frozen and poisoned; proves that none is lost (SEED REPORTS MINUTES)
	@$(BIN)/python -m tests.fault

soak: install ## half an hour at a steady rate: memory, open files and lag, flat or not (MINUTES RATE)
	@$(BIN)/python -m tests.fault.soak

.PHONY: drill
drill: install ## loses the database, then database and broker, under load, and restores a backup (SECONDS_OF_LOAD RATE; Kafka)
	@$(BIN)/python -m tests.drill

.PHONY: district-life
district-life: install ## a district comes, works, is cut anew, grows, moves to another cluster and goes, command by command (Kafka)
	@$(BIN)/python -m tests.life

.PHONY: bench real
bench: install ## speed, latency, growth and memory beside a floor and a naive pipeline (Java 17, Maven; QUICK=1)
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick) $(if $(PORT_BASE),--port-base $(PORT_BASE))

.PHONY: scaling
scaling: install ## a flood in one district, and what its own workers spare another: the pool alone, scaled, killed (PHASE=45)
	@$(BIN)/python -m tests.scaling $(if $(PORT_BASE),--port-base $(PORT_BASE))

# `make year DAYS=30 SCALE=0.1 SEED=2`
.PHONY: year
year: install ## a year of a district at its real scale on the virtual clock, every figure beside the plan (DAYS SCALE SEED)
	@$(BIN)/gridwhistle year --days $(or $(DAYS),365) --scale $(or $(SCALE),1) --seed $(or $(SEED),1) \
		$(if $(PORT_BASE),--port-base $(PORT_BASE))

real: install ## a city's real requests through the pipeline, verdict by verdict (GW_REAL_DATA, GW_BOSTON_FILE)
	@$(BIN)/gridwhistle real $(if $(PORT_BASE),--port-base $(PORT_BASE))

.PHONY: check check-prometheus
check: install check-prometheus ## style, types, architecture, locks, schemas, alert rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python requirements/check.py
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/mypy services shared deploy tests requirements

check-prometheus:
	@if command -v promtool > /dev/null; then \
		promtool check rules deploy/prometheus/rules/*.yml && \
		promtool check config --syntax-only deploy/prometheus/prometheus.yml; \
	else echo "promtool is not on PATH: alert rules are not checked (Debian: apt-get install prometheus)"; fi
	@if command -v amtool > /dev/null; then \
		amtool check-config deploy/alertmanager/alertmanager.yml; \
	else echo "amtool is not on PATH: who is told is not checked (Debian: apt-get install prometheus-alertmanager)"; fi

.PHONY: audit
audit: install ## advisories and licences of the locks, dangerous calls, secrets (STRICT=1: also fail if not looked up)
	@$(BIN)/python requirements/audit.py
	@$(BIN)/ruff check --select S --ignore S603,S607
	@$(BIN)/python requirements/secrets_scan.py

.PHONY: fmt
fmt: install ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix --show-fixes
	@$(BIN)/ruff format

.PHONY: docs
docs: install ## the page of settings; the contracts as AsyncAPI 3.0, OpenAPI 3.1 and JSON Schema, in .local/docs
	@mkdir -p .local/docs
	@$(BIN)/gridwhistle config reference > .local/docs/configuration.md && cp .local/docs/configuration.md docs/configuration.md
	@$(BIN)/gridwhistle contracts asyncapi > .local/docs/asyncapi.json
	@$(BIN)/gridwhistle contracts openapi > .local/docs/openapi.json
	@$(BIN)/gridwhistle contracts schema > .local/docs/schema.json
	@ls -l .local/docs

# The date makes a lock the same on every machine, and keeps the newest releases out until others have tried them.
LOCK_DATE := 2026-10-24
COMPILE = ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --exclude-newer $(LOCK_DATE) --exclude-newer-package pymongo=2026-11-14 \
	--custom-compile-command 'make lock'

.PHONY: dashboards
dashboards: install ## the dashboards written anew from deploy/grafana, and a demo day on each as a picture in docs/dashboards
	@$(BIN)/python -m tests.pictures $(if $(PORT_BASE),--port-base $(PORT_BASE))

.PHONY: lock
lock: install ## requirements/*.txt again from requirements/*.in
	@cd requirements && $(COMPILE) runtime.in -o runtime.txt \
		&& $(COMPILE) -c runtime.txt local.in -o local.txt \
		&& $(COMPILE) -c local.txt dev.in -o dev.txt
	@$(BIN)/python requirements/check.py

.PHONY: install clean
install: ## .venv from the hash-locked requirements (nothing to do when it is up to date)
	@[ -n "$(PYTHON)" ] || { echo "GridWhistle needs Python 3.11 or newer; none found (or say PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) requirements/install.py

clean: ## remove .venv, .local (data, logs, keys) and caches
	@if [ -x $(BIN)/gridwhistle ]; then $(BIN)/gridwhistle down; fi
	@rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
