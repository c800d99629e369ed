# Needs Python 3.11+ and nothing else. `make demo` and `make test` set up .venv on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test fast lint types wheel check docs audit lock hashes clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.ready: pyproject.toml constraints.txt requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Installing into $(VENV) (once; about 2.3 GB) ..."
	@$(PYTHON) -m venv $(VENV)
	@[ "$$(uname -sm)" != "Linux x86_64" ] || $(PIP) install --no-deps --require-hashes -r requirements.lock
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready ## Translate the Nghe An document back, align, score and report
	$(BIN)/awda run configs/nghean.yaml
	@echo "Open runs/nghean/report.html in a browser."

test: $(VENV)/.ready ## Run all tests
	$(BIN)/python -m pytest

fast: $(VENV)/.ready ## Run the tests that take seconds
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

wheel: $(VENV)/.ready ## Build the wheel, install it into a clean environment, run a job from it
	rm -rf dist build/wheel && mkdir -p build
	$(PIP) wheel --no-deps --wheel-dir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt dist/*.whl
	cd build && wheel/bin/awda run ../configs/nghean.yaml --out nghean --fresh

check: lint types test wheel ## What CI runs

docs: $(VENV)/.ready ## Build the documentation as a site, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

audit: ## Look for known vulnerabilities in what is pinned; asks a public database
	rm -rf build/audit && $(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip --quiet install pip-audit
	build/audit/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

lock: ## Write constraints.txt anew from what pyproject.toml allows today, and requirements.lock
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --quiet install torch==2.13.0
	build/lock/bin/python -m pip --quiet install '.[dev]'
	build/lock/bin/python -m pip freeze --exclude awda | sed 's/+cpu$$//' > constraints.txt
	$(MAKE) hashes

# torch has none: which of its builds is right depends on the machine.
hashes: ## Write requirements.lock, the hashes of what constraints.txt names
	rm -rf build/hashes && $(PYTHON) -m venv build/hashes
	build/hashes/bin/python -m pip --quiet install uv
	grep -v '^torch==' constraints.txt | build/hashes/bin/uv pip compile --quiet --no-deps \
	  --python-version 3.11 --no-header --no-annotate --generate-hashes \
	  --output-file requirements.lock -

clean: ## Remove everything that can be made again
	rm -rf $(VENV) build dist runs .mypy_cache .pytest_cache .ruff_cache .hypothesis
