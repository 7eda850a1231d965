# `make demo` and `make test` do all the set-up; `make help` lists everything.
# The first suitable Python on the path makes the environment; PYTHON=/path/to/python overrides the choice.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt

# A page that asks for no library from outside: formulas are not used, and of widgets the still image is shown.
ALONE := $(foreach url,mathjax require_js jquery widget_renderer,--HTMLExporter.$(url)_url=) \
	--ExecutePreprocessor.store_widget_state=False

.DEFAULT_GOAL := help
.PHONY: help demo test check words coverage nightly mutants lab compiled wheels bench notebooks pairs picture docs clean
.DELETE_ON_ERROR:

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: $(VENV)/.replay ## replay 18 months of a real shop's purchases and write tables and a plot to out/demo
	$(BIN)/alesha run cdnow --seed 1 --out out/demo --force
	@echo
	@echo "The command is $(BIN)/alesha. To call it alesha in this shell: . $(BIN)/activate"
	@echo "Then, for example: alesha step first_purchase"

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m pytest -n auto -q

check: $(VENV)/.dev ## lint, check formats and types, run the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory test

words: $(VENV)/.test ## check the documentation: words, names, links, blocks (installs pytest and ruff only)
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -q tests/test_prose.py tests/test_names.py tests/test_readme.py

coverage: $(VENV)/.dev ## run the tests and print which share of the package they execute
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n auto -q
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --sort cover

nightly: $(VENV)/.dev ## run every test at full size, in Python and compiled, and sum up (hours; OPTIONS=--resume)
	$(BIN)/python tools/nightly.py $(OPTIONS)

mutants: $(VENV)/.dev ## plant 400 one-line faults and count those that the tests find (an hour)
	$(BIN)/python tests/mutants.py --count 400 --seed 1

lab: $(VENV)/.notebook ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

compiled: $(VENV)/.dev ## compile what runs for every event; PYTHONPATH=build/site then runs with it
	$(BIN)/python benchmarks/compiled.py

wheels: ## build the source archive and a wheel for each Python here into dist, and try each (ten minutes or more)
	$(or $(PYTHON),python3) tools/wheels.py

bench: $(VENV)/.dev ## measure time and memory, beside other programs; goes on where it was; PARTS="peers call"
	@$(PIP) -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/run.py $(PARTS)
	$(if $(PARTS),,$(BIN)/python benchmarks/studies.py)

notebooks: $(VENV)/.dev ## run every notebook and write it as a page to out/notebooks
	$(BIN)/jupyter nbconvert --execute --to html $(ALONE) --output-dir out/notebooks notebooks/*.ipynb

pairs: $(VENV)/.dev ## make each notebook and its text form equal again, by the one changed last
	$(BIN)/jupytext --sync notebooks/*.ipynb

picture: $(VENV)/.dev ## draw the picture that the README opens with
	$(BIN)/python docs/picture.py docs/first_purchase.svg

docs: $(VENV)/.dev ## write what is made from the code: the file of `alesha new`, tables and pictures in docs
	$(BIN)/python docs/generate.py --write

clean: ## remove the environment, the demo's output and all caches
	rm -rf $(VENV) out/demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find alesha_sim benchmarks notebooks tests -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

# A stamp per set of extras: written once its installation has succeeded, renewed when the versions change.
$(VENV)/.replay: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing alesha_sim and the CDNOW purchase histories into $(VENV) (a minute or two, once; three minutes"
	@echo "more if there is a C compiler, which makes runs more than twice as fast; ALESHA_COMPILE=0 leaves that out) ..."
	@$(PIP) ".[replay]"
	@touch $@

$(VENV)/.notebook: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing alesha_sim and JupyterLab into $(VENV) (a minute or two, once) ..."
	@$(PIP) -e ".[notebook,replay]"
	@touch $@ $(VENV)/.replay

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing alesha_sim, pytest and ruff into $(VENV) (a minute or so, once) ..."
	@$(PIP) -e ".[test]"
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing alesha_sim and its development tools into $(VENV) (two minutes or so, once) ..."
	@$(PIP) -e ".[dev]"
	@$(PIP) --no-deps PSSimPy
	@touch $@ $(VENV)/.replay $(VENV)/.notebook $(VENV)/.test

# Each candidate is run, not only found: a shim may stand on the path for a Python that is not installed.
$(BIN)/python:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	    if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	        version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	        : "$${bare:=python$$version-venv}"; \
	        continue; \
	    fi; \
	    echo "Creating $(VENV) with $$("$$python" --version) ($$python)"; \
	    "$$python" -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    exit 1; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "Python is there, but without venv and ensurepip: install the Debian package $$bare" >&2; \
	else \
	    echo "No Python 3.11 or newer found$(if $(PYTHON), as $(PYTHON)): install one, or name it: make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1
