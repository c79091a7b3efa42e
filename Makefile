# Two commands do everything: `make demo` and `make test`. Each sets up what it needs and starts at once the next time.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# One thread for each linear-algebra library: the work is parallel one level up, and sums stay in one order.
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

.PHONY: help setup demo test check lint types imports format lock wheel wheel-test clean bench

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shortlist needs Python 3.11 or later; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (about a minute, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP)  ## Make .venv with the locked packages and the shortlist command

demo: setup  ## Real data in, trained, evaluated, published and served on this machine
	@$(BIN)/shortlist demo

test: setup  ## Run the whole test suite
	@$(BIN)/python -m pytest

check: lint types imports  ## Everything that reads the code without running it

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

format: setup  ## Rewrite the code in the house format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

wheel: setup  ## Build the wheel into dist/
	@rm -rf build dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

bench: setup  ## Time one request, cached and not, on the bundle in var/
	@$(BIN)/python benchmarks/serving/single_request.py

wheel-test: wheel  ## Install the wheel beside the locked packages and run its command from an empty folder
	@sh deploy/try_wheel.sh $(BIN)/python dist/shortlist_recs-*.whl

lock:  ## Solve the dependencies anew into requirements.lock (needs uv)
	@uv pip compile pyproject.toml --extra demo --extra notebook --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock

clean:  ## Remove what the build and the tests left (not var/, not .venv/)
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
