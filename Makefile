# A figure or table is a target by its stem, an experiment by its name; `make map` lists them.
SCALE ?= laptop
DATA ?= bundled
OUTPUTS ?= outputs
PYTHON ?= python3
BIN := .venv/bin
PAPER = $(BIN)/python scripts/paper.py --scale $(SCALE) --data $(DATA) --outputs '$(OUTPUTS)' $(if $(SEEDS),--seeds '$(SEEDS)') \
	$(ITEMS:%=--items %) $(HOURS:%=--hours %) $(DEVICE:%=--device %) $(if $(filter-out 0,$(FAST)),--fast) $(WITH)

.DEFAULT_GOAL := help
.PHONY: help install reproduce plan paper report compare reference map bench test smoke lint clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "or a figure, a table, an experiment by its name: make fig_controls DATA=real"
	@echo "variables:    SCALE=smoke|laptop|paper DATA=bundled|real SEEDS=0,1,2 ITEMS=8 (the first so many)"
	@echo "              HOURS=3 DEVICE=auto|cpu|cuda FAST=1 (bfloat16) OUTPUTS=folder PYTHON=python3 WITH='key=value ...'"

install: .venv/installed ## create .venv and install

plan: install ## what reproduce would run, and how long it would take
	$(PAPER) reproduce --plan

paper: install ## plan, run for HOURS (3) what is not done, pack, build every figure, table and report
	$(PAPER) paper $(if $(HOURS),,--hours 3)

reproduce: ## run the main job; print its tables and where the files are
report: ## the page and the verdicts, from what is there
compare: ## hold the frames against outputs/reference: what moved beyond its interval
reference: ## keep the frames, tables and figures as outputs/reference
reproduce report compare reference: install
	$(PAPER) $@

map: install ## what every figure and table reads, what every experiment asks
	$(PAPER) --list

bench: install ## measured claims: speed, parity, start-up, memory
	$(BIN)/python scripts/bench.py all --out '$(OUTPUTS)/bench'

test: install ## all tests
	$(BIN)/pytest -n 2 --dist worksteal

smoke: install ## every sweep with its figure, tiny, and what takes long
	$(BIN)/pytest -n 2 --dist loadgroup -m smoke

lint: install ## ruff, mypy, the import contract
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

clean: ## remove .venv and caches; outputs stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and 'Python 3.10 to 3.13 is needed, this is ' + sys.version)"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

.DEFAULT:
	@$(MAKE) -s --no-print-directory install
	$(PAPER) $@
