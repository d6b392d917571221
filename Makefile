# `make` shows what there is. Every target first makes sure that .venv is ready (scripts/setup.sh).
# STACK=1.16 or STACK=1.21 says which TFX it holds; unsaid, the system decides.
CONFIG ?= configs/co2.yaml
ARGS ?=
BIN := .venv/bin
# A process a core; the tests of one file share what they set up.
UNIT_TESTS := $(BIN)/python -m pytest -m "not e2e" -n auto --dist loadfile
# Each of these runs whole pipelines, which take 2 GiB and more than one core now and then.
E2E_TESTS := $(BIN)/python -m pytest -m e2e -n 2 --dist loadfile

# Packages of another Python on these paths (ROS sets one) would be mixed into the environment.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-wheel test-e2e test-modern lint types format wheel compile docs lock clean

help: ## Show this list
	@echo "make TARGET [ARGS='more arguments'], for example: make run ARGS='--from Trainer'"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-11s %s\n", $$1, $$2}' Makefile

setup: ## Build .venv from the lock, unless it is ready (the other targets do this too)
	@scripts/setup.sh

run: setup ## Run the pipeline of CONFIG (configs/co2.yaml)
	@$(BIN)/tapeline run --config "$(CONFIG)" $(ARGS)

test: setup ## Run all tests: the unit tests, then the real pipeline on small series
	@$(UNIT_TESTS) $(ARGS)
	@$(E2E_TESTS) $(ARGS)

test-unit: setup ## Run the unit tests only
	@$(UNIT_TESTS) $(ARGS)

test-wheel: wheel ## Run the unit tests on the installed wheel, outside of the repository
	@rm -rf build && $(BIN)/python -m zipfile -e dist/*.whl build/site
	@root="$(CURDIR)" && cd "$$(mktemp -d)" && PYTHONPATH="$$root/build/site:$$root" TAPELINE_INSTALLED="$$root/build/site" \
	  "$$root"/$(UNIT_TESTS) -c "$$root/pyproject.toml" -o pythonpath="$$root/scripts" "$$root/tests" $(ARGS)
	@rm -rf build

test-e2e: setup ## Run the real pipeline on small series, and the other tests that take minutes
	@$(E2E_TESTS) $(ARGS)

test-modern: setup ## Run all tests on TFX 1.21 where this system is too old for it: in a Debian 13 (root, debootstrap)
	@$(BIN)/python scripts/newer_system.py

lint: setup ## Check format and style
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: setup ## Check types
	@$(BIN)/mypy

format: setup ## Format the code and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

wheel: setup ## Build dist/tapeline-*.whl, which Beam workers install
	@rm -rf build dist
	@$(BIN)/python -m build --quiet --wheel --no-isolation --outdir dist .
	@rm -rf build
	@ls dist

compile: setup ## Compile every configuration for Kubeflow into dist/
	@mkdir -p dist && for config in configs/*.yaml; do \
	  $(BIN)/tapeline compile --config "$$config" --target kubeflow --output "dist/$$(basename "$$config")" || exit 1; done

docs: ## Build the site of README.md and docs/ into site/; a link that leads nowhere fails
	@python3 scripts/site_pages.py $(ARGS)

lock: ## Write both requirements-*.lock from the .in files (ARGS=--upgrade for newer versions)
	@python3 scripts/lock.py $(ARGS)

clean: ## Remove what was built; runs/ stays
	rm -rf .venv .uv .site .python build site dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
