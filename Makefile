# `make demo` shows the main job on a simulated infrastructure, `make test` runs everything that must hold.
# Both do all set-up themselves on Debian or Ubuntu with Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# How many processes share the tests; all peers have ports and folders of their own.
WORKERS ?= 2
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What the tests talk to: OpenSSH's server, a MIT KDC with its headers, Chromium, systemd's tools, three shells, and PostgreSQL.
PEERS := openssh-server openssh-client krb5-kdc krb5-admin-server krb5-user libkrb5-dev gcc python3-dev chromium systemd dash busybox tmux postgresql

.PHONY: demo test lint mutants peers packages clean

demo: $(BIN)/osaudit
	$(BIN)/osaudit demo osaudit-demo

test: $(VENV)/.test lint
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	rm -rf build/wheel
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel . >/dev/null
	$(BIN)/check-wheel-contents build/wheel

# How many small faults in the checks their cases find; see CONTRIBUTING.md.
mutants: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python -m benchmarks.mutants

$(BIN)/python:
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) packages PACKAGES=python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(BIN)/osaudit: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml | peers
	$(BIN)/python -m pip install --quiet --editable '.[kerberos,notify,postgresql,xlsx]' --group test
	touch $@

peers:
	dpkg-query -W $(PEERS) >/dev/null 2>&1 || $(MAKE) packages PACKAGES="$(PEERS)"

packages:
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES) >/dev/null

clean:
	rm -rf $(VENV) build dist osaudit-demo
