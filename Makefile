# The commands of this project; `make help` lists them. Needs Python 3.11 or newer with its venv module, and make.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
# Test processes side by side; the suite is meant for two cores.
JOBS ?= 2

BIN := $(VENV)/bin
PY := $(BIN)/python
# Modules are compiled when they are first read, and kept: most of what comes along is never read.
COMPILED := env -u PYTHONDONTWRITEBYTECODE
PIP := $(PY) -m pip --disable-pip-version-check --no-input install -qq --progress-bar off --no-compile --no-deps \
	--require-hashes
TYPED := config drains accounts notifications leads scoring sla benchmarks tests
# Tests decide themselves which servers they use, whatever the shell of a developer has set. They start some hundred
# processes, each of which would compile the project anew if Python could not keep what it compiled.
CLEAN := env -u DATABASE_URL -u REDIS_URL -u DEBUG -u SECRET_KEY -u EMBEDDED_WORKER -u WEB_CONCURRENCY -u PORT \
	-u DJANGO_SETTINGS_MODULE -u PYTHONDONTWRITEBYTECODE
# Checks that read no data get no database file.
NO_DATA := $(CLEAN) DATABASE_URL=sqlite:///:memory:
# What takes long comes first (see the markers in pyproject.toml); a process that has nothing left takes over from the other.
PYTEST := $(PY) -m pytest -n $(JOBS) --dist worksteal
LOCK := --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --annotation-style=line
heading = @printf '\n=== %s\n' "$(1)"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test static lint types contracts check test-sqlite test-postgres test-e2e browser format lock bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- The application ----------------------------------------------------------------------------------
run: $(VENV)/.run.stamp ## web, worker and beat with demo data on http://127.0.0.1:8000 (PORT=...)
	@mkdir -p var
	@$(COMPILED) $(PY) manage.py migrate --verbosity 0
	@$(COMPILED) PORT=$(PORT) $(PY) manage.py demo --if-empty
	@# Worker and beat live in the web process here, whichever broker is used; servers run them apart.
	@exec $(COMPILED) PORT=$(PORT) EMBEDDED_WORKER=$${EMBEDDED_WORKER:-1} $(BIN)/gunicorn -c config/gunicorn.py config.wsgi

bench: $(VENV)/.dev.stamp ## measurements with their limits on a throw-away PostgreSQL and Redis (ARGS="--n 200000")
	@$(CLEAN) $(PY) -m tests.support.servers -- $(PY) manage.py bench --scratch $(ARGS)

# --- Everything that CI runs ----------------------------------------------------------------------------
test: static test-sqlite test-postgres test-e2e ## all that CI runs, in this order

static: $(VENV)/.dev.stamp ## all that runs no test; types beside the rest, since they take longest
	@$(MAKE) --no-print-directory types & types=$$!; \
		$(MAKE) --no-print-directory lint contracts check; rest=$$?; wait $$types && exit $$rest

lint: $(VENV)/.dev.stamp ## formatting and lint of Python and templates
	$(call heading,ruff format)
	@$(BIN)/ruff format --check .
	$(call heading,ruff check)
	@$(BIN)/ruff check --quiet .
	$(call heading,djlint)
	@$(BIN)/djlint --quiet --lint templates

types: $(VENV)/.dev.stamp ## static types
	$(call heading,mypy)
	@# Without its cache: the plugin of Django loses managers when it reads one.
	@$(NO_DATA) $(BIN)/mypy --cache-dir=/dev/null --no-error-summary $(wildcard $(TYPED))

contracts: $(VENV)/.dev.stamp ## who may import whom
	$(call heading,import-linter)
	@$(BIN)/lint-imports --no-cache --no-logo

check: $(VENV)/.dev.stamp ## system checks, and models without a migration
	$(call heading,manage.py check)
	@$(NO_DATA) $(PY) manage.py check --fail-level WARNING
	$(call heading,manage.py makemigrations --check)
	@$(NO_DATA) $(PY) manage.py makemigrations --check --dry-run

test-sqlite: $(VENV)/.dev.stamp ## tests on SQLite (ARGS="-k word")
	$(call heading,tests on SQLite)
	@$(CLEAN) $(PYTEST) --ignore=tests/e2e $(ARGS)

test-postgres: $(VENV)/.dev.stamp ## tests on a real PostgreSQL and Redis (ARGS="-k word")
	$(call heading,tests on PostgreSQL and Redis)
	@$(CLEAN) $(PY) -m tests.support.servers -- $(PYTEST) --ignore=tests/e2e -m "not once" $(ARGS)

test-e2e: $(VENV)/.dev.stamp browser ## tests in a real browser (ARGS="-k word")
	$(call heading,tests in the browser)
	@$(CLEAN) $(PY) -m tests.support.servers -- $(PYTEST) -o testpaths=tests/e2e -m e2e $(ARGS)

browser: $(VENV)/.dev.stamp ## makes sure there is a Chromium, where that is allowed
	$(call heading,browser)
	@$(PY) -m tests.support.browser

# --- The environment ----------------------------------------------------------------------------------
format: $(VENV)/.dev.stamp ## formats the code and mends what ruff can mend
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

lock: ## new requirements/*.txt from pyproject.toml (UPGRADE="--upgrade" for newer versions)
	@test -x var/uv/bin/uv || { $(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet uv; }
	@var/uv/bin/uv pip compile $(LOCK) -o requirements/run.txt pyproject.toml
	@var/uv/bin/uv pip compile $(LOCK) --group dev -c requirements/run.txt -o requirements/dev.txt pyproject.toml

clean: ## removes the environment and every cache, keeps the data in var/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# A link of a venv whose Python is gone counts as missing, so the venv is made anew.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed, but \`$(PYTHON)\` is $$($(PYTHON) --version 2>&1 || true)." >&2; \
		echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { \
		echo "$(PYTHON) could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Stamps, newer than the lock files, say that an environment is complete; the second start trusts them.
$(VENV)/.run.stamp: requirements/run.txt | $(PY)
	@echo "Installing what the application needs, about a minute ..."
	@$(PIP) -r requirements/run.txt
	@touch $@

$(VENV)/.dev.stamp: requirements/dev.txt requirements/run.txt | $(PY)
	@echo "Installing what the application and its tests need, one or two minutes ..."
	@$(PIP) -r requirements/dev.txt
	@touch $(VENV)/.run.stamp $@
