# The compendium from a fresh clone: `make paper` builds every table and figure, `make test` proves it.
# Needs GNU make, git and Python 3.11 to 3.14; everything else is installed in .venv from requirements.lock.

PYTHON ?= python3

# What each command takes, after `make`; PYTHON, for the set-up, goes with all.
HANDLING := COHORT MAPPING COURSE SAMPLE VISIT OUT TRYPTASE IDENTIFIERS
USES_paper := $(HANDLING) CRITERIA HIDE_BELOW ONLY
USES_figures := $(HANDLING) CRITERIA ONLY WIDTH FORMAT
USES_verify := $(HANDLING) CRITERIA HIDE_BELOW
USES_run := $(HANDLING) CRITERIA HIDE_BELOW NOTEBOOK PARAMETERS
USES_check := $(HANDLING)
USES_template := OUT
USES_redcap := EXPORT OUT LEAVE_OUT MAPPING
USES_cohort := SEED OUT
USES_determined := OUT
USES_ensemble := N SEED JOBS SCHEDULER OUT KEEP
USES_audit := CLAIMS OUT
USES_bounds := CLAIMS QUESTIONS OUT WITNESSES WITHOUT FACTS ROUNDING QUICK
VARIABLES := PYTHON $(sort $(foreach command,paper figures run redcap ensemble bounds,$(USES_$(command))))
USABLE := PYTHON $(foreach command,$(MAKECMDGOALS),$(USES_$(command)))
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
REFUSED := $(filter-out $(USABLE),$(GIVEN))
# What was typed is text: it is not expanded, and the recipes read it from the environment, never from their own lines.
$(foreach name,$(VARIABLES),$(if $(filter-out undefined,$(origin $(name))),$(eval override $(name) := $$(value $(name)))))
export $(VARIABLES)

SHELL := /bin/sh
# Compiled modules are kept (in __pycache__, which make clean removes) even where the surroundings forbid it: many
# processes import the same ones.
export PYTHONDONTWRITEBYTECODE :=
# Emptied before a new one is made, so it must not be set from outside.
override VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# The installer: uv if it is there already, else the locked one, put into the environment by pip.
UV = $$(command -v uv || echo $(PY) -m uv)
COHORT_OPTION = $${COHORT:+--cohort="$$COHORT"}
OUT_OPTION = $${OUT:+--out="$$OUT"}
CRITERIA_OPTION = $${CRITERIA:+--criteria="$$CRITERIA"}
MAPPING_OPTION = $${MAPPING:+--mapping="$$MAPPING"}
CHECK_OPTIONS = $(MAPPING_OPTION) $${COURSE:+--course="$$COURSE"} $${SAMPLE:+--sample="$$SAMPLE"} \
  $${VISIT:+--visit="$$VISIT"} $${TRYPTASE:+--tryptase="$$TRYPTASE"} $${IDENTIFIERS:+--identifiers="$$IDENTIFIERS"}
HANDLING_OPTIONS = $(CHECK_OPTIONS) $${HIDE_BELOW:+--hide-below="$$HIDE_BELOW"}
# The committed results and the shipped cohort are replaced by default only by their like.
PAPER_OUT = --out="$${OUT:-$(if $(COHORT)$(CRITERIA),build/paper,figures)}"
COHORT_OUT = --out="$${OUT:-$(if $(SEED),build/cohort-$$SEED,data/cohort)}"
ENSEMBLE_OUT = "$${OUT:-build/ensemble$${SEED:+-$$SEED}}"

.DEFAULT_GOAL := help
.PHONY: help paper figures verify template redcap check test test-long portable lab cohort determined ensemble audit bounds references run lint lock clean environment

help: ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name what; do \
	  printf '  make %-12s %s\n' "$$name" "$$what"; done
	@echo
	@echo '  PYTHON=/path/to/python3.12          use another Python than python3 for the set-up'

paper: $(READY) ## build every table and figure that is not up to date (ONLY="table-2 figure-1"; COHORT= MAPPING= CRITERIA= OUT=)
	@exec $(PY) -m compendium.workflow paper $(COHORT_OPTION) $(PAPER_OUT) $(CRITERIA_OPTION) $(HANDLING_OPTIONS) $${ONLY:+--only="$$ONLY"}

figures: $(READY) ## draw the figures for a journal in build/figures: WIDTH=85 FORMAT="tiff pdf" (180 mm, tiff; ONLY= COHORT= CRITERIA= OUT=)
	@exec $(PY) -m compendium.workflow figures $(COHORT_OPTION) $(OUT_OPTION) $(CRITERIA_OPTION) $(CHECK_OPTIONS) \
	  $${WIDTH:+--width="$$WIDTH"} $${FORMAT:+--formats="$$FORMAT"} $${ONLY:+--only="$$ONLY"}

verify: $(READY) ## build all again elsewhere and say which files differ from those in figures/, and by how much
	@exec $(PY) -m compendium.workflow verify $(COHORT_OPTION) $(PAPER_OUT) $(CRITERIA_OPTION) $(HANDLING_OPTIONS)

template: $(READY) ## write an empty spreadsheet, CSV files and a REDCap dictionary for an own cohort (OUT=cohorts/template)
	@exec $(PY) -m compendium.centre.template $(OUT_OPTION)

redcap: $(READY) ## turn a REDCap export into the tables of a cohort: EXPORT=cohorts/export.csv OUT=cohorts/mine (LEAVE_OUT= MAPPING=)
	@$(if $(and $(EXPORT),$(OUT)),,echo 'Name both: make redcap EXPORT=cohorts/export.csv OUT=cohorts/mine' >&2; exit 2)
	@exec $(PY) -m compendium.centre.template.from_redcap $${LEAVE_OUT:+--leave-out="$$LEAVE_OUT"} $(MAPPING_OPTION) -- "$$EXPORT" "$$OUT"

check: $(READY) ## say all that is wrong with an own cohort: COHORT=cohort.xlsx (MAPPING=my.csv COURSE= SAMPLE= VISIT= TRYPTASE=sum IDENTIFIERS=show OUT=build/check)
	@$(if $(COHORT),,echo 'Name a cohort: make check COHORT=cohort.xlsx' >&2; exit 2)
	@exec $(PY) -m compendium.workflow check $(COHORT_OPTION) $(OUT_OPTION) $(CHECK_OPTIONS)

test: $(READY) ## run all tests, and the committed notebooks against their outputs
	@echo 'All tests, and the committed notebooks against their outputs: three to four minutes on two cores.'
	@exec $(PY) -m pytest tests $(wildcard notebooks) --nbval --nbval-current-env -n auto --dist loadscope --no-loadscope-reorder -q -m 'not long' --durations=10

test-long: $(READY) ## run the tests with a large budget, which `make test` leaves out
	@exec $(PY) -m pytest tests -n auto --dist loadscope --no-loadscope-reorder -q -m long --durations=10

portable: $(READY) ## make the results and the cohort again under other processors, Pythons, places and users (some minutes)
	@exec $(PY) -m compendium.workflow portable

lab: $(READY) ## open the notebooks in JupyterLab
	@exec $(PY) -m jupyterlab --notebook-dir .

cohort: $(READY) ## reconstruct the cohort again in data/cohort (SEED=7 for another one, in build/cohort-7)
	@exec $(PY) -m compendium.reconstruction $${SEED:+--seed="$$SEED"} $(COHORT_OUT)

determined: $(READY) ## find out what the paper determines and what it leaves open, in data/determined (minutes)
	@exec $(PY) -m compendium.determined $(OUT_OPTION)

ensemble: $(READY) ## make many other cohorts that fit, and say how far results differ: N=200 (SEED= JOBS= OUT= SCHEDULER= KEEP=yes)
	@$(PY) -m compendium.reconstruction.ensemble $${N:+--n="$$N"} $${SEED:+--seed="$$SEED"} $${JOBS:+--jobs="$$JOBS"} \
	  $${SCHEDULER:+--scheduler="$$SCHEDULER"} --out=$(ENSEMBLE_OUT)
	@exec $(PY) -m compendium.determined.reached $${KEEP:+--keep="$$KEEP"} -- $(ENSEMBLE_OUT)

references: $(READY) ## run the committed notebooks and keep their outputs in them
	@exec $(PY) -m compendium.workflow references

run: $(READY) ## run one notebook: NOTEBOOK=figure-1 PARAMETERS="population=ISM criteria=paper" (OUT=build/run)
	@$(if $(NOTEBOOK),,echo 'Name a notebook: make run NOTEBOOK=figure-1 PARAMETERS="population=ISM"' >&2; exit 2)
	@exec $(PY) -m compendium.workflow run $(COHORT_OPTION) $(OUT_OPTION) $(CRITERIA_OPTION) $(HANDLING_OPTIONS) \
	  $${PARAMETERS:+--parameters="$$PARAMETERS"} -- "$$NOTEBOOK"

audit: $(READY) ## check the arithmetic of the printed numbers of any paper (CLAIMS=data/published/claims.csv OUT=audit.csv)
	@exec $(PY) -m compendium.verification.audit $(OUT_OPTION) -- "$${CLAIMS:-data/published/claims.csv}"

bounds: $(READY) ## say what the printed numbers of any paper determine (CLAIMS=claims.csv QUESTIONS=questions.csv OUT=bounds.csv)
	@exec $(PY) -m compendium.bounds $(OUT_OPTION) $${WITNESSES:+--witnesses="$$WITNESSES"} $${FACTS:+--facts="$$FACTS"} \
	  $${QUICK:+--quick="$$QUICK"} $${WITHOUT:+--without="$$WITHOUT"} $${ROUNDING:+--rounding="$$ROUNDING"} \
	  -- "$${CLAIMS:-docs/bounds-claims.csv}" $(if $(CLAIMS),$${QUESTIONS:+"$$QUESTIONS"},"$${QUESTIONS:-docs/bounds-questions.csv}")

lint: $(READY) ## check the style of the code, notebooks included
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

lock: $(READY) ## choose the newest allowed versions of all packages and write requirements.lock
	@$(UV) pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --upgrade --quiet --custom-compile-command "make lock" -o requirements.lock

clean: ## remove build/ with the caches in it, not figures/ or cohorts/; the environment stays
	@"$$PYTHON" -m compendium.folders build
	@find analysis compendium tests benchmarks notebooks -path '*/__pycache__/*.pyc' -type f -exec rm -f {} +
	@find analysis compendium tests benchmarks notebooks -depth -type d -name __pycache__ -exec rmdir {} + 2>/dev/null || true

ifneq ($(REFUSED),)
export REFUSED USABLE MAKECMDGOALS
help clean $(READY): | refused
.PHONY: refused
refused:
	@"$$PYTHON" compendium/workflow/variables.py
endif

environment: $(READY) ## install the locked packages in .venv (the other targets do it when needed)

# Marked as made here: `make clean` removes no other folder.
build:
	@[ -w . ] || { echo 'This folder cannot be written to: copy it to one of your own, and run make there.' >&2; exit 1; }
	@mkdir build && echo make > build/.made-by-compendium

# The mark is written last, so an interrupted installation is never taken for a whole one.
$(READY): requirements.lock | build
	@command -v "$$PYTHON" >/dev/null || { printf 'No %s here: make PYTHON=/path/to/python3.12\n' "$$PYTHON" >&2; exit 1; }
	@"$$PYTHON" -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else \
	  "Python 3.11 to 3.14 is needed, this is %d.%d: make PYTHON=/path/to/python3.12" % v)'
	@echo "Setting up $(VENV) (once, less than a minute) ..."
	@[ ! -L $(VENV) ] || { echo '$(VENV) is a link; it would be emptied where it leads: remove it first.' >&2; exit 1; }
	@(while sleep 5 >/dev/null 2>&1; do echo '  downloading and installing packages ...'; done) & beat=$$!; \
	trap 'kill $$beat 2>/dev/null' EXIT; trap 'exit 1' HUP INT TERM; set -e; \
	cache="$${UV_CACHE_DIR:-$${XDG_CACHE_HOME:-$$HOME/.cache}/uv}"; { mkdir -p "$$cache" && [ -w "$$cache" ]; } 2>/dev/null || \
	  export UV_CACHE_DIR="$$(pwd)/build/cache/uv" PIP_NO_CACHE_DIR=1; \
	"$$PYTHON" -m venv --clear $(VENV); \
	command -v uv >/dev/null || { sed -n '/^uv==/,/^ *# via/p' requirements.lock > $(VENV)/uv.lock; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock; }; \
	sed '/^uv==/,/^ *# via/d' requirements.lock > $(VENV)/packages.lock; \
	export VIRTUAL_ENV="$$(pwd)/$(VENV)" HERE='--no-deps --no-build-isolation --editable .'; \
	{ $(UV) pip install --quiet --require-hashes --compile-bytecode -r $(VENV)/packages.lock && \
	  $(UV) pip install --quiet --offline $$HERE; } || { echo 'uv failed, trying pip'; \
	  $(PY) -m pip install --quiet --require-hashes -r $(VENV)/packages.lock && $(PY) -m pip install --quiet $$HERE; }
	@touch $(READY)
