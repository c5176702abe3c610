# The compendium from a fresh clone: `make paper` builds every table and figure, `make test` proves it.
# Needs GNU make, git and Python 3.11 to 3.14; everything else is installed in .venv from requirements.lock.

PYTHON ?= python3

SHELL := /bin/sh
# Compiled modules are kept (in __pycache__, which make clean removes) even where the surroundings forbid it: many
# processes import the same ones.
export PYTHONDONTWRITEBYTECODE :=
# Removed as a whole before a new one is made, so it must not be set from outside.
override VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# The installer: uv if it is there already, else the locked one, put into the environment by pip.
UV = $$(command -v uv || echo $(PY) -m uv)
COHORT_OPTION = $(if $(COHORT),--cohort "$(COHORT)")
OUT_OPTION = $(if $(OUT),--out "$(OUT)")
CRITERIA_OPTION = $(if $(CRITERIA),--criteria "$(CRITERIA)")
CHECK_OPTIONS = $(if $(TRYPTASE),--tryptase "$(TRYPTASE)") $(if $(filter show,$(IDENTIFIERS)),--identifiers)
HANDLING_OPTIONS = $(CHECK_OPTIONS) $(if $(HIDE_BELOW),--hide-below "$(HIDE_BELOW)")
# The committed results and the shipped cohort are replaced by default only by their like.
PAPER_OUT = --out "$(or $(OUT),$(if $(COHORT)$(CRITERIA),build/paper,figures))"
COHORT_OUT = --out "$(or $(OUT),$(if $(SEED),build/cohort-$(SEED),data/cohort))"
ENSEMBLE_OUT = $(or $(OUT),build/ensemble$(if $(SEED),-$(SEED)))

.DEFAULT_GOAL := help
.PHONY: help paper template redcap check test test-long portable lab cohort determined ensemble audit bounds references run lint lock clean environment

help: ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name what; do \
	  printf '  make %-12s %s\n' "$$name" "$$what"; done
	@echo
	@echo '  PYTHON=/path/to/python3.12          use another Python than python3 for the set-up'

paper: $(READY) ## build every table and figure that is not up to date (ONLY="table-2 figure-1"; COHORT= CRITERIA= OUT=)
	@exec $(PY) -m compendium.workflow paper $(COHORT_OPTION) $(PAPER_OUT) $(CRITERIA_OPTION) $(HANDLING_OPTIONS) $(if $(ONLY),--only "$(ONLY)")

template: $(READY) ## write an empty spreadsheet, CSV files and a REDCap dictionary for an own cohort (OUT=cohorts/template)
	@exec $(PY) -m compendium.centre.template $(OUT_OPTION)

redcap: $(READY) ## turn a REDCap export into the tables of a cohort: EXPORT=cohorts/export.csv OUT=cohorts/mine
	@$(if $(and $(EXPORT),$(OUT)),,echo 'Name both: make redcap EXPORT=cohorts/export.csv OUT=cohorts/mine' >&2; exit 2)
	@exec $(PY) -m compendium.centre.template.from_redcap "$(EXPORT)" "$(OUT)"

check: $(READY) ## say all that is wrong with an own cohort: COHORT=cohort.xlsx (TRYPTASE=sum IDENTIFIERS=show OUT=build/check)
	@$(if $(COHORT),,echo 'Name a cohort: make check COHORT=cohort.xlsx' >&2; exit 2)
	@exec $(PY) -m compendium.workflow check $(COHORT_OPTION) $(OUT_OPTION) $(CHECK_OPTIONS)

test: $(READY) ## run all tests, and the committed notebooks against their outputs
	@echo 'All tests, and the committed notebooks against their outputs: about five minutes on two cores.'
	@exec $(PY) -m pytest tests $(wildcard notebooks) --nbval --nbval-current-env -n 2 --dist loadscope -q -m 'not long' --durations=10

test-long: $(READY) ## run the tests with a large budget, which `make test` leaves out
	@exec $(PY) -m pytest tests -n 2 --dist loadscope -q -m long --durations=10

portable: $(READY) ## make the results and the cohort again under other processors, Pythons, places and users (some minutes)
	@exec $(PY) -m compendium.workflow portable

lab: $(READY) ## open the notebooks in JupyterLab
	@exec $(VENV)/bin/jupyter-lab --notebook-dir .

cohort: $(READY) ## reconstruct the cohort again in data/cohort (SEED=7 for another one, in build/cohort-7)
	@exec $(PY) -m compendium.reconstruction $(if $(SEED),--seed "$(SEED)") $(COHORT_OUT)

determined: $(READY) ## find out what the paper determines and what it leaves open, in data/determined (minutes)
	@exec $(PY) -m compendium.determined $(OUT_OPTION)

ensemble: $(READY) ## make many other cohorts that fit, and say how far results differ: N=200 (SEED= JOBS= OUT= SCHEDULER= KEEP=)
	@$(PY) -m compendium.reconstruction.ensemble $(if $(N),--n "$(N)") $(if $(SEED),--seed "$(SEED)") \
	  $(if $(JOBS),--jobs "$(JOBS)") $(if $(SCHEDULER),--scheduler "$(SCHEDULER)") --out "$(ENSEMBLE_OUT)"
	@exec $(PY) -m compendium.determined.reached "$(ENSEMBLE_OUT)" $(if $(KEEP),--keep)

references: $(READY) ## run the committed notebooks and keep their outputs in them
	@exec $(PY) -m compendium.workflow references

run: $(READY) ## run one notebook: NOTEBOOK=figure-1 PARAMETERS="population=ISM criteria=paper" (OUT=build/run)
	@$(if $(NOTEBOOK),,echo 'Name a notebook: make run NOTEBOOK=figure-1 PARAMETERS="population=ISM"' >&2; exit 2)
	@exec $(PY) -m compendium.workflow run $(COHORT_OPTION) $(OUT_OPTION) $(CRITERIA_OPTION) $(HANDLING_OPTIONS) "$(NOTEBOOK)" $(PARAMETERS)

audit: $(READY) ## check the arithmetic of the printed numbers of any paper (CLAIMS=data/published/claims.csv OUT=audit.csv)
	@exec $(PY) -m compendium.verification.audit "$(or $(CLAIMS),data/published/claims.csv)" $(OUT_OPTION)

bounds: $(READY) ## say what the printed numbers of any paper determine (CLAIMS=claims.csv QUESTIONS=questions.csv OUT=bounds.csv)
	@exec $(PY) -m compendium.bounds "$(or $(CLAIMS),docs/bounds-claims.csv)" \
	  $(if $(or $(QUESTIONS),$(CLAIMS)),$(if $(QUESTIONS),"$(QUESTIONS)"),docs/bounds-questions.csv) $(OUT_OPTION) \
	  $(if $(WITNESSES),--witnesses "$(WITNESSES)") $(if $(WITHOUT),--without $(WITHOUT)) $(if $(FACTS),--facts) \
	  $(if $(ROUNDING),--rounding $(ROUNDING)) $(if $(QUICK),--quick)

lint: $(READY) ## check the style of the code, notebooks included
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

lock: $(READY) ## choose the newest allowed versions of all packages and write requirements.lock
	@$(UV) pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --upgrade --quiet --custom-compile-command "make lock" -o requirements.lock

clean: ## remove build/ and caches, not figures/ or cohorts/; the environment stays (rm -r .venv removes it)
	@rm -rf build .pytest_cache .ruff_cache .hypothesis
	@find analysis compendium tests benchmarks notebooks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

environment: $(READY) ## install the locked packages in .venv (the other targets do it when needed)

# The mark is written last, so an interrupted installation is never taken for a whole one.
$(READY): requirements.lock
	@command -v "$(PYTHON)" >/dev/null || { echo 'No $(PYTHON) here: make PYTHON=/path/to/python3.12' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else \
	  "Python 3.11 to 3.14 is needed, this is %d.%d: make PYTHON=/path/to/python3.12" % v)'
	@echo "Setting up $(VENV) (once, less than a minute) ..."
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@command -v uv >/dev/null || { sed -n '/^uv==/,/^ *# via/p' requirements.lock > $(VENV)/uv.lock; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock; }
	@sed '/^uv==/,/^ *# via/d' requirements.lock > $(VENV)/packages.lock
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(UV) pip install --quiet --require-hashes --compile-bytecode \
	  -r $(VENV)/packages.lock || { echo 'uv failed, trying pip'; $(PY) -m pip install --quiet --require-hashes -r $(VENV)/packages.lock; }
	@VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(UV) pip install --quiet --offline --no-deps --no-build-isolation --editable .
	@touch $(READY)
