# One stem names an experiment, its frame, its figure or table and its target here.
FIGURES := fig_reconstruction fig_inlet_spectra fig_weights_vs_representations fig_ntk_spectra \
	fig_layer_share fig_training_rank fig_threshold_geometry fig_bn_placement fig_rank_ablation \
	fig_controls fig_generalisation fig_activations fig_optimisers fig_calibration
TABLES := table1 tune

# The main job.
MAIN_TABLES := table1
MAIN_FIGURES := fig_reconstruction fig_inlet_spectra

# The experiments behind each figure or table; the stem itself where it is not listed.
FRAME_fig_reconstruction := table1
FRAME_fig_inlet_spectra := table1
FRAME_fig_weights_vs_representations := diagnosis
FRAME_fig_ntk_spectra := diagnosis
FRAME_fig_layer_share := diagnosis
FRAME_fig_training_rank := diagnosis
FRAME_fig_threshold_geometry := diagnosis
FRAME_fig_bn_placement := fig_bn_placement baseline
FRAME_fig_rank_ablation := rank_distinct rank_epsilon rank_spread rank_bias rank_omega rank_octaves \
	rank_width
FRAME_fig_controls := fig_controls controls_unit
FRAME_fig_generalisation := fig_generalisation generalisation_noise
FRAME_fig_activations := fig_activations activations_sampling

# What is chosen for the tables is chosen on other pictures, whatever DATA says.
PICTURES_tune := pair
PICTURES_fig_calibration := pair

SCALE ?= laptop
DATA ?= bundled
PYTHON ?= python3
OUTPUTS ?= outputs

BIN := .venv/bin
INSTALLED := .venv/installed
CHOICE = scale=$(SCALE) pictures=$(or $(PICTURES_$*),$(DATA))
AT := $(SCALE)-$(DATA)
CONF := $(shell find conf -name '*.yaml')
frame = $(foreach e,$(or $(FRAME_$(1)),$(1)),$(OUTPUTS)/frames/$(AT)/$(e).csv)

.DEFAULT_GOAL := help
.PHONY: help install reproduce plan test smoke lint clean $(FIGURES) $(TABLES)
.SECONDARY:
.SECONDEXPANSION:
.DELETE_ON_ERROR:

help: ## show this list
	@grep -hE '^[a-z$$()A-Z_]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "tables:       $(TABLES)"
	@echo "figures:      $(FIGURES)"
	@echo "variables:    SCALE=smoke|laptop|paper DATA=bundled|real OUTPUTS=folder"

install: $(INSTALLED) ## create .venv and install

reproduce: $(MAIN_TABLES) $(MAIN_FIGURES) ## run the main job; print its table and where the files are
	@echo
	@cat $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.txt)
	@echo
	@ls $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.*) $(MAIN_FIGURES:%=$(OUTPUTS)/figures/$(AT)/%.*)

plan: $(INSTALLED) ## fits x measured seconds of what reproduce would run
	$(BIN)/inr-plan experiment=table1 $(CHOICE) --outputs $(OUTPUTS)

test: $(INSTALLED) ## all tests
	$(BIN)/pytest -n 2

smoke: $(INSTALLED) ## every sweep and its figure, tiny
	$(BIN)/pytest -n 2 -m sweeps

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
	$(BIN)/inr -m experiment=$* $(CHOICE) outputs=$(OUTPUTS) hydra/launcher=joblib
	$(BIN)/inr-collect experiment=$* $(CHOICE) --outputs $(OUTPUTS) --frame $@

$(OUTPUTS)/tables/$(AT)/%.txt: scripts/tables/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@

$(OUTPUTS)/figures/$(AT)/%.png: scripts/figures/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@
