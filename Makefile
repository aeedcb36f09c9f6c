# `make demo` shows the main job on a simulated infrastructure, `make test` runs everything that must hold.
# Both do all set-up themselves on Debian or Ubuntu with Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# How many processes share the tests; all peers have ports and folders of their own.
WORKERS ?= 2
# Where a release is put.
DIST ?= dist
# Further words for `make bench`, such as --full --write.
BENCH ?=
# What is locked: all but kerberos, which is compiled against the Kerberos of the system.
LOCKED := --extra credssp --extra keyring --extra notify --extra postgresql --extra xlsx
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What the tests talk to: OpenSSH's server, a MIT KDC with its headers, Chromium, systemd's tools, three shells, PostgreSQL,
# and what shows man pages.
PEERS := openssh-server openssh-client krb5-kdc krb5-admin-server krb5-user libkrb5-dev gcc python3-dev chromium systemd dash busybox tmux postgresql mandoc groff-base

.PHONY: demo test lint lock release bench mutants kills messages golden screenshots commands peers packages clean

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

# The newest versions of all that osaudit needs, with their digests.
lock: $(VENV)/.test
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header $(LOCKED) \
		--output-file requirements.lock pyproject.toml

# Wheel, source, the lock file, and a bill of materials of what is installed with them.
release: $(VENV)/.test
	rm -rf $(DIST)
	$(BIN)/python -m build --no-isolation --outdir $(DIST) . >/dev/null
	cp requirements.lock $(DIST)
	$(BIN)/python -m venv $(DIST)/installed
	$(DIST)/installed/bin/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(DIST)/installed/bin/python -m pip install --quiet --no-deps $(DIST)/*.whl
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-format JSON --output-file $(DIST)/bill-of-materials.cdx.json $(DIST)/installed/bin/python
	rm -rf $(DIST)/installed

# How many small faults in the checks their cases find; see CONTRIBUTING.md.
mutants: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python -m benchmarks.mutants

# Brings the catalogues of reports in other languages up to date; see CONTRIBUTING.md.
messages: $(VENV)/.test
	$(BIN)/python -m tests.reporting.messages

# osaudit beside what people would use instead, which has an environment of its own; see docs/performance.md.
bench: $(VENV)/.test $(VENV)-bench/.made
	$(BIN)/python -m benchmarks.compare $(BENCH)

$(VENV)-bench/.made: pyproject.toml
	$(PYTHON) -m venv $(VENV)-bench
	$(VENV)-bench/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(VENV)-bench/bin/python -m pip install --quiet --group benchmark
	touch $@

# What every form of the report says of the small world in fixtures/golden, written anew; see CONTRIBUTING.md.
golden: $(VENV)/.test
	$(BIN)/python -m tests.reporting.golden

# The pictures of the documents, made from the demo; see CONTRIBUTING.md.
screenshots: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group screenshots
	$(BIN)/python -m docs.screenshots

# The page of all commands and the man page, made from the commands; see CONTRIBUTING.md.
commands: $(VENV)/.test
	$(BIN)/python -m docs.commands

# Whether anything is lost when osaudit is killed while it writes; see CONTRIBUTING.md.
kills: $(VENV)/.test
	$(BIN)/python -m benchmarks.kills

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
	rm -rf $(VENV) $(VENV)-bench build dist osaudit-demo
