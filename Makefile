# Everything that is done here, by name. `make` alone lists it.

VENV ?= .venv
PY := $(VENV)/bin/python

# The first of these that is new enough makes the environment; `make PYTHON=… demo` names another.
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)

# An environment is ready for what pyproject.toml says now and for this folder: an environment
# copied along with a checkout still points at the folder it came from.
READY := $(VENV)/.ready-$(shell { pwd; cat pyproject.toml; } | cksum | cut -d ' ' -f 1)

TESTS ?= tests
FUZZ ?= 1700
KILLS ?= 200
CASES ?= tests/cases/amplitude_funnel_cases.json
EVENTS ?= 20000000

.PHONY: help demo test test-spark cases fuzz bench chaos calibrate lint format check wheel docs clean

help:  ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(READY)  ## set up and run the main job on the sample events
	@$(PY) -m funnelkit demo

test: $(READY)-test  ## set up and run the tests (TESTS=path for some of them)
	@$(PY) -m pytest --numprocesses auto --dist worksteal $(TESTS)

test-spark: $(READY)-test  ## run the tests of the Spark engine, which need Java 17
	@$(PY) -m pytest -m spark tests/spark

cases: $(READY)  ## run worked cases (CASES="file.json …") and print each that fails
	@$(PY) tests/cases/run.py $(CASES)

fuzz: $(READY)-test  ## try random funnels on random events, for long (FUZZ=examples per test)
	@FUNNELKIT_FUZZ=$(FUZZ) $(PY) -m pytest --numprocesses auto --dist worksteal \
	    tests/oracles/test_engine_against_reference.py
	@FUNNELKIT_FUZZ=$$(( $(FUZZ) / 10 )) $(PY) -m pytest --numprocesses auto --dist worksteal \
	    tests/oracles/test_metamorphic.py

bench: $(READY)-bench  ## measure speed and memory beside other engines (EVENTS=20000000)
	@$(PY) bench/run.py --events $(EVENTS)

chaos: $(READY)-test  ## kill writers of a store at random moments (KILLS=200)
	@$(PY) tests/chaos/kill_store.py --kills $(KILLS)

calibrate: $(READY)-test  ## check on simulated data how often the intervals hold the truth
	@$(PY) tests/calibration/calibrate.py

lint: $(READY)-lint  ## check style, types and the direction of imports
	@$(PY) -m ruff check
	@$(PY) -m mypy
	@$(PY) -c 'from importlinter.cli import lint_imports_command as main; main()'

format: $(READY)-lint  ## format the code, and repair what can be repaired
	@$(PY) -m ruff check --fix-only --quiet
	@$(PY) -m ruff format

check: lint  ## lint, and check the format too: what must hold before a commit
	@$(PY) -m ruff format --check

wheel: $(READY)-build  ## build the wheel and the source distribution into dist/
	@$(PY) -m build --no-isolation --outdir dist

docs: $(READY)-test  ## write the generated pages of docs/ anew
	@$(PY) -m funnelkit.events.plan
	@$(PY) docs/write_pages.py
	@$(PY) docs/notebooks.py
	@$(PY) docs/pictures.py

clean:  ## remove what was built (not the environment)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find funnelkit tests bench docs -name __pycache__ -prune -exec rm -rf {} +

$(READY)-%: $(READY)
	@echo "Installing what \`$*\` needs" >&2
	@$(PY) -m pip install --quiet --no-input --disable-pip-version-check --group $*
	@touch $@

# Groups need pip 25.1, newer than the pip that comes with many a Python.
$(READY): | $(PY)
	@echo "Installing funnelkit into $(VENV): about 750 MB, once" >&2
	@$(PY) -m pip install --quiet --no-input --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(PY) -m pip install --quiet --no-input --disable-pip-version-check --editable '.[charts]'
	@rm -f $(VENV)/.ready-*
	@touch $@

$(PY):
	@for python in $(PYTHONS); do \
	    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
	        2>/dev/null; then \
	        echo "Creating $(VENV) with $$($$python --version)" >&2; \
	        $$python -m venv --clear $(VENV) && exit 0 || { rm -f $@; exit 1; }; \
	    fi; \
	done; \
	echo "funnelkit needs Python 3.11 or newer with pip and venv" \
	    "(on Debian and Ubuntu: apt install python3-venv)." >&2; \
	echo "None of these is one: $(PYTHONS). Name another: make PYTHON=/path/to/python3" >&2; \
	exit 1
