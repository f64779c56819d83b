# GridWhistle: `make help` lists what there is. Every target does the set-up it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: ## .venv from the hash-locked requirements (nothing to do when it is up to date)
	@[ -n "$(PYTHON)" ] || { echo "make install: GridWhistle needs Python 3.11 or newer; none found (or set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) requirements/install.py

# The date makes a lock the same on every machine, and keeps the newest releases out until others have tried them.
LOCK_DATE := 2026-10-24
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --exclude-newer $(LOCK_DATE) --exclude-newer-package pymongo=2026-11-14 --custom-compile-command 'make lock'

.PHONY: lock
lock: install ## requirements/*.txt again from requirements/*.in
	@cd requirements && for layer in runtime local dev; do \
		before=$$([ $$layer = local ] && echo "-c runtime.txt"; [ $$layer = dev ] && echo "-c local.txt"; :); \
		../$(COMPILE) $$before $$layer.in -o $$layer.txt || exit 1; done
