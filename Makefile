# One stem names an experiment, its frame, its figure or table and its target here.
FIGURES := fig_reconstruction fig_inlet_spectra fig_occupancy_gallery fig_occupancy_slices \
	fig_weights_vs_representations fig_ntk_spectra fig_layer_share fig_training_rank \
	fig_threshold_geometry training_clip fig_rei_3d fig_bn_placement fig_rank_ablation \
	fig_controls fig_generalisation fig_activations fig_optimisers fig_calibration
TABLES := table1 significance table1_occupancy table_rei_3d rank_correlations tune

# The main job; with one seed, so that it takes 15 minutes on two cores.
MAIN_TABLES := table1 table1_occupancy
MAIN_FIGURES := fig_reconstruction fig_inlet_spectra fig_occupancy_gallery fig_occupancy_slices
MAIN_SEEDS := 0

# Benches, and what they draw.
BENCHES := fit sweep startup parity ntk spectrum occupancy
PLOT_fit = --plot $(OUTPUTS)/bench/fit_cost.png
PLOT_ntk = --plot $(OUTPUTS)/bench/ntk_cost.png

# The experiments behind each figure or table; the stem itself where it is not listed.
FRAME_significance := table1 table1_seeds
FRAME_fig_reconstruction := table1
FRAME_fig_inlet_spectra := table1
FRAME_fig_occupancy_gallery := table1_occupancy
FRAME_fig_occupancy_slices := table1_occupancy
FRAME_fig_weights_vs_representations := diagnosis
FRAME_fig_ntk_spectra := diagnosis
FRAME_fig_layer_share := diagnosis
FRAME_fig_training_rank := diagnosis
FRAME_fig_threshold_geometry := diagnosis
FRAME_fig_bn_placement := fig_bn_placement baseline
FRAME_rank_correlations := rank_distinct rank_epsilon rank_spread rank_bias rank_omega rank_octaves
FRAME_fig_rank_ablation := $(FRAME_rank_correlations) rank_width
FRAME_fig_controls := fig_controls controls_unit
FRAME_fig_generalisation := fig_generalisation generalisation_noise
FRAME_fig_activations := fig_activations activations_sampling
FRAME_fig_rei_3d := fig_rei_3d rei_3d_siren
FRAME_table_rei_3d := fig_rei_3d rei_3d_siren

# Made of what the plan did not leave out; the others need all of their experiments.
PARTIAL := fig_rank_ablation rank_correlations

# What DATA chooses in an experiment; pictures where it is not listed.
CHOOSE_table1_occupancy := shapes
CHOOSE_fig_rei_3d := object
CHOOSE_rei_3d_siren := object
CHOOSE_table1_seeds := pair

# What FAST=1 runs in bfloat16: experiments of which every model may. The others stay in fp32
# throughout, as no table mixes precisions.
FASTER := baseline fig_bn_placement fig_activations activations_sampling fig_optimisers \
	rank_distinct rank_epsilon rank_spread rank_bias rank_octaves rank_width

# What the claims of conf/claims.yaml read besides.
CLAIMED := inlet_seeds

SCALE ?= laptop
DATA ?= bundled
SEEDS ?=
PYTHON ?= python3
OUTPUTS ?= outputs
# Of runs, for make paper; what does not fit is left out by the rule that scripts/plan.py prints.
HOURS ?= 3

BIN := .venv/bin
INSTALLED := .venv/installed
AT := $(SCALE)-$(DATA)$(addprefix -seeds-,$(SEEDS))$(if $(FAST),-bf16)
CONF := $(shell find conf -name '*.yaml' -not -name claims.yaml)
every := scale=$(SCALE) $(addprefix seed=,$(SEEDS))
data = $(or $(CHOOSE_$(1)),pictures)=$(DATA)
precision = $(if $(FAST),$(patsubst %,fit.precision=bf16,$(filter $(1),$(FASTER))))
choice = $(every) $(call data,$(1)) $(call precision,$(1)) $(SHARE_$(1))
comma := ,
empty :=
commas = $(subst $(empty) ,$(comma),$(strip $(1)))
asked = $(1):$(call data,$(1))$(addprefix :,$(call precision,$(1)))
behind = $(or $(FRAME_$(1)),$(1))
source = $(filter-out $(if $(filter $(1),$(PARTIAL)),$(LEFT_OUT)),$(call behind,$(1)))
frame = $(foreach e,$(call source,$(1)),$(OUTPUTS)/frames/$(AT)/$(e).csv)
EXPERIMENTS := table1 $(filter-out table1,$(sort $(foreach s,$(TABLES) $(FIGURES),$(call behind,$(s))) $(CLAIMED)))
possible = $(foreach s,$(1),$(if $(call source,$(s)),$(if $(filter $(LEFT_OUT),$(call source,$(s))),,$(s))))
PLAN := $(OUTPUTS)/tables/$(AT)/plan.mk
# One a scale and data, whatever seeds and precision; its provenance says which.
REFERENCE := outputs/reference/$(SCALE)-$(DATA)
-include $(PLAN)

.DEFAULT_GOAL := help
.PHONY: help install reproduce main plan frame paper everything report compare reference bench test \
	smoke lint clean $(FIGURES) $(TABLES)
.SECONDARY:
.SECONDEXPANSION:
.DELETE_ON_ERROR:

help: ## show this list
	@grep -hE '^[a-z$$()A-Z_]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo "tables:       $(TABLES)"
	@echo "figures:      $(FIGURES)"
	@echo "variables:    SCALE=smoke|laptop|paper DATA=bundled|real SEEDS=0,1,2 FAST=1 (bfloat16) OUTPUTS=folder"

install: $(INSTALLED) ## create .venv and install

reproduce: $(INSTALLED) ## run the main job; print its tables and where the files are
	@$(MAKE) --no-print-directory main SEEDS=$(or $(SEEDS),$(MAIN_SEEDS))

main: $(MAIN_TABLES) $(MAIN_FIGURES)
	@echo
	@cat $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.txt)
	@echo
	@ls $(MAIN_TABLES:%=$(OUTPUTS)/tables/$(AT)/%.*) $(MAIN_FIGURES:%=$(OUTPUTS)/figures/$(AT)/%.*)

plan: $(INSTALLED) ## fits x measured seconds of what reproduce would run
	$(BIN)/inr-plan experiment=table1 $(call choice,table1) seed=$(or $(SEEDS),$(MAIN_SEEDS)) --outputs $(OUTPUTS)
	$(BIN)/inr-plan experiment=table1_occupancy $(call choice,table1_occupancy) seed=$(or $(SEEDS),$(MAIN_SEEDS)) --outputs $(OUTPUTS)

frame: $(STEM:%=$(OUTPUTS)/frames/$(AT)/%.csv) ## run an experiment: STEM=inlet_seeds

paper: $(INSTALLED) ## plan, run everything that is not done yet, build all figures, tables and the report
	$(BIN)/python scripts/plan.py $(PLAN) --hours $(HOURS) --outputs $(OUTPUTS) \
		--experiments $(foreach e,$(EXPERIMENTS),$(call asked,$(e))) --choice $(every)
	$(MAKE) -k everything; failed=$$?; $(MAKE) report && exit $$failed # what failed stands in the report as not run

everything: $(patsubst %,$(OUTPUTS)/frames/$(AT)/%.csv,$(filter-out $(LEFT_OUT),$(EXPERIMENTS))) \
	$(call possible,$(TABLES) $(FIGURES))

report: $(INSTALLED) ## the page and the verdicts, from what is there
	$(BIN)/python scripts/report.py $(OUTPUTS) $(AT) \
		--tables $(foreach s,$(TABLES),$(s)=$(call commas,$(call source,$(s)))) \
		--figures $(foreach s,$(FIGURES),$(s)=$(call commas,$(call source,$(s))))

compare: $(INSTALLED) ## hold the frames against outputs/reference: what moved beyond its interval
	$(BIN)/python scripts/compare.py $(REFERENCE) $(OUTPUTS)/frames/$(AT)

reference: $(INSTALLED) ## keep the frames, tables and figures as outputs/reference
	$(BIN)/python scripts/reference.py $(OUTPUTS) $(AT) $(REFERENCE)

bench: $(BENCHES:%=$(OUTPUTS)/bench/%.jsonl) ## measured claims: speed, parity, start-up, memory

test: $(INSTALLED) ## all tests
	$(BIN)/pytest -n 2

smoke: $(INSTALLED) ## every sweep with its figure and the long benches, tiny
	$(BIN)/pytest -n 2 --dist loadgroup -m smoke

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

$(OUTPUTS)/frames/$(AT)/%.csv: $(CONF) $(wildcard $(PLAN)) | $(INSTALLED)
	$(BIN)/inr -m experiment=$* $(call choice,$*) outputs=$(OUTPUTS) hydra/launcher=joblib
	$(BIN)/inr-collect experiment=$* $(call choice,$*) --outputs $(OUTPUTS) --frame $@

$(OUTPUTS)/tables/$(AT)/%.txt: scripts/tables/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@

$(OUTPUTS)/figures/$(AT)/%.png: scripts/figures/%.py $$(call frame,$$*)
	$(BIN)/python $^ $@
