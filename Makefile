# One stem names an experiment, its frame, its figure or table and its target here.
FIGURES := fig_reconstruction fig_inlet_spectra fig_weights_vs_representations fig_ntk_spectra \
	fig_layer_share fig_training_rank fig_threshold_geometry training_clip
TABLES := table1 significance

# Benches, and what they draw.
BENCHES := fit sweep startup parity ntk spectrum occupancy
PLOT_fit = --plot $(OUTPUTS)/bench/fit_cost.png
PLOT_ntk = --plot $(OUTPUTS)/bench/ntk_cost.png

# The main job.
MAIN_TABLES := table1
MAIN_FIGURES := fig_reconstruction fig_inlet_spectra

# The experiment behind each figure or table; the stem itself where it is not listed.
FRAME_significance := table1
FRAME_fig_reconstruction := table1
FRAME_fig_inlet_spectra := table1
FRAME_fig_weights_vs_representations := diagnosis
FRAME_fig_ntk_spectra := diagnosis
FRAME_fig_layer_share := diagnosis
FRAME_fig_training_rank := diagnosis
FRAME_fig_threshold_geometry := diagnosis

# What the claims of conf/claims.yaml read besides.
CLAIMED := inlet_seeds

SCALE ?= laptop
DATA ?= bundled
PYTHON ?= python3
OUTPUTS ?= outputs
# Of runs, for make paper; what does not fit is left out by the rule that scripts/plan.py prints.
HOURS ?= 3

BIN := .venv/bin
INSTALLED := .venv/installed
CHOICE := scale=$(SCALE) pictures=$(DATA)
AT := $(SCALE)-$(DATA)
ifdef FAST # siren and rff stay in fp32, and no table mixes precisions
CHOICE += fit.precision=bf16
SHARE_table1 += model=relu,rank_expanding,pe,bn,bn_all_pre
AT := $(AT)-bf16
endif
CONF := $(shell find conf -name '*.yaml' -not -name claims.yaml)
source = $(or $(FRAME_$(1)),$(1))
frame = $(OUTPUTS)/frames/$(AT)/$(source).csv
EXPERIMENTS := table1 $(filter-out table1,$(sort $(foreach s,$(TABLES) $(FIGURES),$(call source,$(s))) $(CLAIMED)))
PLAN := $(OUTPUTS)/tables/$(AT)/plan.mk
REFERENCE := outputs/reference/$(AT)
-include $(PLAN)

.DEFAULT_GOAL := help
.PHONY: help install reproduce plan frame paper everything report compare reference test lint clean \
	$(FIGURES) $(TABLES)

.PHONY: help install reproduce plan bench test lint clean $(FIGURES) $(TABLES)
.SECONDARY:
.SECONDEXPANSION:
.DELETE_ON_ERROR:

help: ## show this list
	@grep -hE '^[a-z$$()A-Z_]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "tables:       $(TABLES)"
	@echo "figures:      $(FIGURES)"
	@echo "variables:    SCALE=smoke|laptop|paper DATA=bundled|real OUTPUTS=folder FAST=1 (bfloat16)"

install: $(INSTALLED) ## create .venv and install

reproduce: $(MAIN_TABLES) $(MAIN_FIGURES) ## run the main job; print its table and where the files are
	@echo
	@cat $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.txt)
	@echo
	@ls $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.*) $(MAIN_FIGURES:%=$(OUTPUTS)/figures/$(AT)/%.*)

plan: $(INSTALLED) ## fits x measured seconds of what reproduce would run
	$(BIN)/inr-plan experiment=table1 $(CHOICE) --outputs $(OUTPUTS)

frame: $(OUTPUTS)/frames/$(AT)/$(STEM).csv ## run one experiment: STEM=inlet_seeds

paper: $(INSTALLED) ## plan, run everything that is not done yet, build all figures, tables and the report
	$(BIN)/python scripts/plan.py $(PLAN) --hours $(HOURS) --outputs $(OUTPUTS) --experiments $(EXPERIMENTS) --choice $(CHOICE)
	$(MAKE) -k everything; failed=$$?; $(MAKE) report && exit $$failed # what failed stands in the report as not run

everything: $(EXPERIMENTS:%=$(OUTPUTS)/frames/$(AT)/%.csv) $(TABLES) $(FIGURES)

report: $(INSTALLED) ## the page and the verdicts, from what is there
	$(BIN)/python scripts/report.py $(OUTPUTS) $(AT) \
		--tables $(foreach s,$(TABLES),$(s)=$(call source,$(s))) \
		--figures $(foreach s,$(FIGURES),$(s)=$(call source,$(s)))

compare: $(INSTALLED) ## hold the frames against outputs/reference: what moved beyond its interval
	$(BIN)/python scripts/compare.py $(REFERENCE) $(OUTPUTS)/frames/$(AT)

reference: $(INSTALLED) ## keep the frames, tables and figures as outputs/reference
	$(BIN)/python scripts/reference.py $(OUTPUTS) $(AT) $(REFERENCE)

bench: $(BENCHES:%=$(OUTPUTS)/bench/%.jsonl) ## measured claims: speed, parity, start-up, memory

test: $(INSTALLED) ## all tests
	$(BIN)/pytest -n 2

lint: $(INSTALLED) ## ruff, mypy, the import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

clean: ## remove .venv and caches; outputs stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and 'Python 3.10 to 3.13 is needed, this is ' + sys.version)"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(OUTPUTS)/bench/%.jsonl: | $(INSTALLED)
	$(BIN)/python scripts/bench.py $* --json $@ $(PLOT_$*)

$(TABLES): %: $(OUTPUTS)/tables/$(AT)/%.txt
$(FIGURES): %: $(OUTPUTS)/figures/$(AT)/%.png

$(OUTPUTS)/frames/$(AT)/%.csv: $(CONF) | $(INSTALLED)
	$(BIN)/inr -m experiment=$* $(CHOICE) $(SHARE_$*) outputs=$(OUTPUTS) hydra/launcher=joblib
	$(BIN)/inr-collect experiment=$* $(CHOICE) $(SHARE_$*) --outputs $(OUTPUTS) --frame $@

$(OUTPUTS)/tables/$(AT)/%.txt: scripts/tables/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@

$(OUTPUTS)/figures/$(AT)/%.png: scripts/figures/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@
