# Every target builds the environment it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check unit slow build format clean

help: ## Show what there is to make
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-7s %s\n", $$1, $$2}'

.venv/installed: pyproject.toml constraints.txt tools/editable_script.py tools/gradlab
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; '$(PYTHON)' is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "building the environment in .venv (once, about a minute)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

demo: .venv/installed ## Build lab 1, grade a class of 14, write feedback, show the results
	@$(BIN)/python tools/demo.py

test: check unit ## Lint, types, generated files, proofs, and all tests but the slow ones

check: .venv/installed ## Lint, types, generated files up to date, every lab proved
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/gradlab build --check
	$(BIN)/gradlab verify --check

unit: .venv/installed ## The tests alone, without the slow ones
	$(BIN)/pytest -n $(JOBS) -m "not slow"

slow: .venv/installed ## The slow tests: whole notebooks, stock nbgrader, a grader killed 20 times
	@# A file's tests stay together: what several of them look at is made once.
	$(BIN)/pytest -n $(JOBS) --dist loadscope -m slow

build: .venv/installed ## Write release/ and solutions/ anew, and the students' wheel
	$(BIN)/gradlab build
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	@ls dist

format: .venv/installed ## Put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove what was built, but not the environment
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
