# Everything that is set up lies in .venv and in $XDG_STATE_HOME/governance (default ~/.local/state/governance).
PYTHON ?= python3
ARGS   ?=
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# A file's tests stay together: they share what is costly to make, and the folders that the documents name.
SPREAD := --numprocesses auto --maxprocesses 8 --dist loadfile
# What ARGS choose may all be with the engine or all without: pytest leaves with 5 where it finds no test.
OR_NONE = $(if $(ARGS),|| test $$? -eq 5)

.PHONY: help run test quick soak lint bench lock clean

help:
	@echo "make run     set up the Python environment, a container engine and the sandbox image; run the demo"
	@echo "make test    the same set-up, then all tests, with the real engine   (ARGS='-k name' is for pytest)"
	@echo "make quick   the tests that need no engine and are not slow, with a quarter of the examples of each law"
	@echo "make soak    the laws of decisions and of both evaluators, the fuzzing of all parsers, and the killing of gateways, forty times as long; 50 micro VMs"
	@echo "make lint    ruff and mypy"
	@echo "make bench   measure, and write docs/performance.md"
	@echo "make lock    resolve requirements.txt, requirements-dev.txt and bench/requirements-peers.txt anew"
	@echo "make clean   stop the private engine; remove .venv, .build and caches"

run: .venv/installed
	$(BIN)/governance demo

test: .venv/installed-dev
	@if command -v npm >/dev/null; then $(MAKE) .build/textmate; \
	    else echo "not proven: that an editor colours as the tests' own reader does, which needs npm" >&2; fi
	$(BIN)/governance engine up
	$(BIN)/governance image build
	$(BIN)/python -m pytest $(SPREAD) -m "not engine" $(ARGS) $(OR_NONE)
	$(BIN)/python -m pytest -m engine $(ARGS) $(OR_NONE)

quick: .venv/installed-dev
	GOVERNANCE_QUICK=1 $(BIN)/python -m pytest $(SPREAD) -m "not engine and not slow" $(ARGS)

soak: .venv/installed-dev
	GOVERNANCE_SOAK=40 $(BIN)/python -m pytest $(SPREAD) --verbose tests/laws tests/fuzz tests/request/shell $(ARGS)
	$(BIN)/governance engine up
	$(BIN)/governance image build
	GOVERNANCE_SOAK=40 $(BIN)/python -m pytest --verbose tests/docker/microvm/test_soak.py tests/docker/dispatch/test_kill_points.py $(ARGS) $(OR_NONE)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/installed-dev
	$(BIN)/python bench/run.py

# Python's own venv; Debian has the part that puts pip into it in a package of its own.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed; name it with: make PYTHON=/path/of/python3.11" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "this Python cannot make virtual environments: Debian's package python3-venv is missing" >&2; \
	    test "$$(id -u)" = 0 && command -v apt-get >/dev/null || \
	        { echo "type this as root, then the same command again: apt-get install python3-venv" >&2; exit 3; }; \
	    echo "installing python3-venv" >&2; \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3-venv; }
	@echo "making the virtual environment .venv" >&2
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt pyproject.toml
	@echo "installing the locked packages that the program needs (requirements.txt)" >&2
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "installing the locked packages that tests and checks need (requirements-dev.txt)" >&2
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

# What Visual Studio Code colours with, for one test.
.build/textmate:
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix $@ vscode-textmate@9 vscode-oniguruma@2

# What builds the package, so that nothing is fetched unlocked when it is installed.
BUILD = printf 'hatchling>=1.27\neditables\n'

# One resolution for all Pythons and systems from 3.11 on, with hashes and without the addresses of any index.
COMPILE = .build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock:
	$(PYTHON) -m venv .build/lock
	.build/lock/bin/python -m pip --disable-pip-version-check install --quiet uv
	$(BUILD) | $(COMPILE) pyproject.toml - --output-file requirements.txt
	$(BUILD) | $(COMPILE) pyproject.toml - --extra dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) bench/requirements-peers.in --output-file bench/requirements-peers.txt

clean:
	@test ! -x $(BIN)/governance || $(BIN)/governance engine down
	rm -rf .venv .build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
