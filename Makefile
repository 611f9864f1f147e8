# Needs Python 3.11 or later and make; everything else is installed into .venv by the first target.
#
#   make test     set up, and run all tests           make check    format, lint, types, protos
#   make demo     set up, and bill a year of flights   make serve    REST, gRPC and the scheduler
#   make bench    the measures                         make census   every operation, on both doors
#   make soak     kill servers a thousand times     ARGS="--warehouse chdb --kills 100 --seed 7"
#   make proto    write the .proto files anew          make lock     pin the dependencies anew
#
# ARGS is passed on: make demo ARGS="--warehouse chdb", make test ARGS="tests/house -x".

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := uv==0.13.9
ARGS ?=

.PHONY: test soak check serve demo bench census proto lock setup clean
.DEFAULT_GOAL := test

setup: $(READY)

test: $(READY)
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)

soak: $(READY)
	$(BIN)/python -m tests.ingest.kills $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m api.proto --check
	$(BIN)/python -m api.proto --lint

serve demo bench census: $(READY)
	$(BIN)/invora $@ $(ARGS)

proto: $(READY)
	$(BIN)/python -m api.proto

# The lock holds hashes and names no registry: the machine knows its own.
lock: $(READY)
	$(BIN)/python -m uv pip compile --universal --python-version 3.11 --generate-hashes \
		--extra dev --no-annotate --no-header --quiet $(ARGS) \
		pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

# uv installs the lock in seconds, where pip takes minutes; without uv, pip does it all the same.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --version > /dev/null 2>&1 || $(BIN)/python -m ensurepip --upgrade
	$(BIN)/python -m uv --version 2> /dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)" || \
		echo "uv is not to be had here; pip will take a few minutes"
	set -e; if $(BIN)/python -m uv --version > /dev/null 2>&1; \
		then install="$(BIN)/python -m uv pip install --quiet --python $(BIN)/python"; \
		else install="$(BIN)/python -m pip install --quiet --disable-pip-version-check"; fi; \
	$$install --require-hashes -r requirements.lock; \
	$$install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@
