# One stem names an experiment, its frame, its figure or table and its target here.
FIGURES := fig_reconstruction fig_inlet_spectra fig_occupancy_gallery fig_occupancy_slices \
	fig_weights_vs_representations fig_ntk_spectra fig_layer_share fig_training_rank \
	fig_threshold_geometry fig_rei_3d
TABLES := table1 table1_occupancy table_rei_3d

# The main job.
MAIN_TABLES := table1 table1_occupancy
MAIN_FIGURES := fig_reconstruction fig_inlet_spectra fig_occupancy_gallery fig_occupancy_slices

# The experiment behind each figure or table; the stem itself where it is not listed.
FRAME_fig_reconstruction := table1
FRAME_fig_inlet_spectra := table1
FRAME_fig_occupancy_gallery := table1_occupancy
FRAME_fig_occupancy_slices := table1_occupancy
FRAME_fig_weights_vs_representations := diagnosis
FRAME_fig_ntk_spectra := diagnosis
FRAME_fig_layer_share := diagnosis
FRAME_fig_training_rank := diagnosis
FRAME_fig_threshold_geometry := diagnosis
FRAME_table_rei_3d := fig_rei_3d

# What DATA chooses in an experiment; pictures where it is not listed.
CHOOSE_table1_occupancy := shapes
CHOOSE_fig_rei_3d := object

SCALE ?= laptop
DATA ?= bundled
# One, so that the main job takes a quarter of an hour.
SEEDS ?= 0
PYTHON ?= python3
OUTPUTS ?= outputs

BIN := .venv/bin
INSTALLED := .venv/installed
AT := $(SCALE)-$(DATA)$(addprefix -seeds-,$(filter-out 0,$(SEEDS)))
CONF := $(shell find conf -name '*.yaml')
choice = scale=$(SCALE) $(or $(CHOOSE_$(1)),pictures)=$(DATA) $(SEEDS:%=seed=%)
frame = $(OUTPUTS)/frames/$(AT)/$(or $(FRAME_$(1)),$(1)).csv

.DEFAULT_GOAL := help
.PHONY: help install reproduce plan test lint clean $(FIGURES) $(TABLES)
.SECONDARY:
.SECONDEXPANSION:
.DELETE_ON_ERROR:

help: ## show this list
	@grep -hE '^[a-z$$()A-Z_]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "tables:       $(TABLES)"
	@echo "figures:      $(FIGURES)"
	@echo "variables:    SCALE=smoke|laptop|paper DATA=bundled|real SEEDS=0,1,2 OUTPUTS=folder"

install: $(INSTALLED) ## create .venv and install

reproduce: $(MAIN_TABLES) $(MAIN_FIGURES) ## run the main job; print its tables and where the files are
	@echo
	@cat $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.txt)
	@echo
	@ls $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.*) $(MAIN_FIGURES:%=$(OUTPUTS)/figures/$(AT)/%.*)

plan: $(INSTALLED) ## fits x measured seconds of what reproduce would run
	$(BIN)/inr-plan experiment=table1 $(call choice,table1) --outputs $(OUTPUTS)
	$(BIN)/inr-plan experiment=table1_occupancy $(call choice,table1_occupancy) --outputs $(OUTPUTS)

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

$(TABLES): %: $(OUTPUTS)/tables/$(AT)/%.txt
$(FIGURES): %: $(OUTPUTS)/figures/$(AT)/%.png

$(OUTPUTS)/frames/$(AT)/%.csv: $(CONF) | $(INSTALLED)
	$(BIN)/inr -m experiment=$* $(call choice,$*) outputs=$(OUTPUTS) hydra/launcher=joblib
	$(BIN)/inr-collect experiment=$* $(call choice,$*) --outputs $(OUTPUTS) --frame $@

$(OUTPUTS)/tables/$(AT)/%.txt: scripts/tables/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@

$(OUTPUTS)/figures/$(AT)/%.png: scripts/figures/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@
