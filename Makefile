# The commands of the project. `make run` and `make test` need Python 3.11+, make and a package
# index, and install everything else into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install install-dev run ui test prove bench check docs baselines screenshots lock clean

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Installing into $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Programs whose pins contradict ours, each in an environment of its own.
.venv-%/installed: requirements-%.lock
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

install: $(VENV)/installed  ## install the product into .venv

install-dev: $(VENV)/installed-dev  ## install the product and what its tests need

run: $(VENV)/installed  ## close the last closed month, or PERIOD=2024-09, REPORT=ipe_07
	@$(BIN)/soxauto run $(if $(PERIOD),--period $(PERIOD)) $(foreach r,$(REPORT),--report $(r))

ui: $(VENV)/installed  ## open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/soxauto ui

test: $(VENV)/installed-dev .venv-ministack/installed  ## run the test suite
	@$(BIN)/pytest -m "not prove" -n 2 --dist loadscope

prove: $(VENV)/installed-dev  ## run the long proofs and print their figures
	@$(BIN)/pytest -m prove -n 0 -s

bench: $(VENV)/installed-dev  ## measure speed and memory against the stated floors
	@$(BIN)/python -m benchmarks

check: $(VENV)/installed-dev .venv-checkov/installed  ## lint, format, types, room order, SQL rules, template, docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m soxauto_assets.warehouse.lint
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/cfn-lint --non-zero-exit-code informational deploy/soxauto.yaml
	@.venv-checkov/bin/checkov --skip-download --quiet --compact --framework cloudformation \
	  --file deploy/soxauto.yaml
	@$(BIN)/soxauto docs --check
	@$(BIN)/soxauto baseline show > /dev/null
	@$(BIN)/dg check defs

docs: $(VENV)/installed  ## write the generated pages of docs/reports again
	@$(BIN)/soxauto docs

baselines: $(VENV)/installed  ## approve changed reports with the public key of the demonstration
	@$(BIN)/soxauto baseline approve --demonstration

screenshots: $(VENV)/installed-dev  ## write the pictures of docs/images again (needs chromium)
	@SOXAUTO_REQUIRE=browser $(BIN)/pytest -n 0 --screenshots soxauto_assets_tests/ui \
	  soxauto_assets_tests/demo/test_differences.py

lock:  ## pin all dependencies again (needs uv)
	@uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-strip-extras --upgrade --output-file requirements.lock
	@uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-strip-extras --constraint requirements.lock \
	  --output-file requirements-dev.lock
	@for tool in checkov ministack; do \
	  sed -n "s/^$$tool = \[\"\(.*\)\"\]$$/\1/p" pyproject.toml | sed 's/", "/\n/g' | uv pip compile - --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --output-file requirements-$$tool.lock; done

clean:  ## remove what was installed and what the embedded default has made
	@rm -rf $(VENV) .venv-checkov .venv-ministack .soxauto
