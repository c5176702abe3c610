# The compendium from a fresh clone: `make paper` builds every table and figure, `make test` proves it.
# Needs GNU make, git and Python 3.11, 3.12 or 3.13; everything else is installed in .venv from requirements.lock.

PYTHON ?= python3
COHORT ?= data/cohort
OUT ?= figures
CRITERIA ?= paper
PARAMETERS ?=

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help paper test lab cohort references run lint lock clean environment

# The mark is written last, so an interrupted installation is never taken for a whole one.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else \
	  "Python 3.11, 3.12 or 3.13 is needed; this one is %d.%d. Name another: make PYTHON=/path/to/python3.12" % v[:2])'
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/^ *# via/p' requirements.lock > $(VENV)/uv.lock
	@$(PY) -m pip install --quiet --no-deps --require-hashes -r $(VENV)/uv.lock
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(PY) -m uv pip install --quiet --require-hashes --compile-bytecode -r requirements.lock
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(PY) -m uv pip install --quiet --offline --no-deps --no-build-isolation --editable .
	@touch $(READY)

environment: $(READY) ## install the locked packages in .venv (every other target does it when needed)
