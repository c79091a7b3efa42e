# Two commands do everything: `make demo` and `make test`. Each sets up what it needs and starts at once the next time.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev
T      ?=
FAST    = -m "not slow" -n 2 --dist worksteal -q --ignore tests/integration --ignore tests/e2e --ignore tests/property
ALONE   = $(filter-out tests/e2e/test_kills.py tests/e2e/test_main_job.py,$(wildcard tests/e2e/test_*.py)) tests/integration/serving/test_redis_faults.py tests/integration/serving/test_server.py tests/contract/serving
TWO     = -n 2 --dist loadfile $(addprefix --ignore ,$(ALONE))
SPARK   = tests/contract/data/test_scan_contract.py tests/unit/candidate_gen/test_spark_als.py tests/integration/pipelines/test_spark.py
FAST_TMP = $$(test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})

PIP     = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK    = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
		--no-header --no-annotate --quiet --group pyproject.toml:build --extra demo

# One thread for each linear-algebra library: the work is parallel one level up, and sums stay in one order.
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1

.PHONY: help setup setup-dev demo test test-long coverage test-fast test-numeric test-pythons test-spark test-lowest check lint types imports format docs \
	lock wheel wheel-test clean bench bench-serving screenshots

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{sub(":.*", "", $$1); printf "  make %-13s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Shortlist needs Python 3.11 or later (3.11 to 3.13 are tested); name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (about a minute, once) ..."
	@$(PIP) --only-binary :all: --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

$(DEV): $(STAMP) requirements-dev.lock
	@echo "Installing what the tests and checks need beside them ..."
	@$(PIP) --only-binary :all: --require-hashes -r requirements-dev.lock
	@touch $(DEV)

setup: $(STAMP)  ## Make .venv with the locked packages and the shortlist command

setup-dev: $(DEV)  ## The same, with the tools of tests and checks

demo: setup  ## Real data in, trained, evaluated, published and served on this machine
	@$(BIN)/shortlist demo

test: setup-dev  ## Run the whole test suite, on two cores, then what waits for a clock on one; T=path runs a part of it
	@$(BIN)/python -m pytest $(or $(T),$(TWO))
	@$(if $(T),,$(BIN)/python -m pytest $(ALONE))

test-long: setup-dev  ## A shop of a million shoppers from nothing to lists (half an hour, 8 GB): make test-long LARGE=folder
	@$(BIN)/python benchmarks/scale/large_shop.py $(or $(LARGE),/tmp/shortlist-large) \
		--config benchmarks/scale/large_shop.toml --rates 200 --demand

coverage: setup-dev  ## Run the whole test suite and say which share of the lines it reached
	@$(BIN)/python -m pytest -q $(TWO) --cov --cov-report=
	@$(BIN)/python -m pytest -q $(ALONE)
	@echo "lines reached by the tests that run on two cores, commands in processes of their own not counted: $$($(BIN)/coverage report --format=total) %"

test-fast: setup-dev  ## Run the tests that take milliseconds, on two cores, and say how long it took
	@start=$$(date +%s.%N); TMPDIR=$(FAST_TMP) $(BIN)/python -m pytest $(FAST) $(T) || exit 1; \
		echo "make test-fast: $$(date +%s.%N | awk -v start=$$start '{printf "%.1f", $$1 - start}') s"

test-numeric: setup-dev  ## Run the numeric tests as a processor without AVX-512 would
	@.ci/other-processor $(BIN)/python

test-pythons: setup-dev  ## Run the suite on each Python from 3.11 to 3.13 that is found
	@.ci/pythons test

test-spark:  ## Run what Spark has a part in, in an environment of its own (half a gigabyte; needs Java 17 or later)
	@$(MAKE) --no-print-directory setup-dev VENV=$(VENV)-spark
	@$(VENV)-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
		--only-binary :all: --no-binary pyspark --require-hashes -r requirements-spark.lock
	@$(VENV)-spark/bin/python -m pytest -q $(SPARK)

test-lowest:  ## Run the fast tests on the lowest versions that pyproject.toml allows (needs uv)
	@.ci/lowest

check: lint types imports  ## Everything that reads the code without running it

lint: setup-dev  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup-dev  ## mypy --strict
	@$(BIN)/mypy

imports: setup-dev  ## import-linter: one way through the packages
	@$(BIN)/lint-imports

format: setup-dev  ## Rewrite the code in the house format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: setup-dev  ## Write docs/features.md and docs/data.md anew
	@$(BIN)/python -m ranking.features.page > docs/features.md
	@$(BIN)/python -m data.page > docs/data.md

wheel: setup-dev  ## Build the wheel into dist/
	@rm -rf build dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

screenshots: setup-dev  ## Pictures of the running console into docs/images/: make screenshots URL=http://127.0.0.1:8001/?key=...
	@$(BIN)/python benchmarks/console/screenshots.py "$(URL)" docs/images $(CUSTOMER)

bench: setup-dev  ## Time one request, cached and not, on the bundle in var-demo/
	@$(BIN)/python benchmarks/serving/single_request.py

bench-serving: setup-dev  ## The service under load, cached and not, beside what a tutorial would write, on the bundle in var-demo/
	@$(BIN)/python benchmarks/serving/load.py --workers 1 2 --cache none memory redis --users uniform zipf \
		--rates 250 500 1000 --seconds 10 --tutorial --out benchmarks/serving/measured.jsonl

wheel-test: wheel  ## Install the wheel beside the locked packages and run its command from an empty folder
	@sh deploy/try_wheel.sh $(BIN)/python dist/shortlist_recs-*.whl

lock:  ## Solve the dependencies anew into the lock files (needs uv)
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --extra notebook --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(LOCK) --extra spark --constraint requirements.lock --output-file requirements-spark.lock

clean:  ## Remove what the build and the tests left (not var/, not var-demo/, not .venv/)
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
