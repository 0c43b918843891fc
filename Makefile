# Two commands: `make demo` and `make test`. Each sets up what it needs; `make help` lists the rest.

# Outside the clone, so that fresh clones share one build.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/trueup/target
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format deny bench

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## The sample sources on a local Temporal server; ARGS=--once runs them and exits
	@tools/setup temporal
# Of the whole workspace, so that the tests are built with the same features and share the crates.
	@cargo build --locked --bin trueup
	@exec "$(CARGO_TARGET_DIR)/debug/trueup" dev $(ARGS)

test: ## Every test, on real servers; ARGS='-E "test(name)"' picks some
	@tools/setup all
	cargo build --locked --bin trueup
	cargo nextest run --locked --workspace --no-tests=fail $(ARGS)

lint: ## Format and lints, as CI runs them
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

format: ## Formats the code
	cargo fmt --all

deny: ## Licences, bans and advisories of every crate; needs cargo-deny
	cargo deny check

bench: ## `trueup compare` beside DuckDB and a bare join, and runs; ARGS="10000000 --pairs 3" for the first with more rows
	@python3 tools/bench/run.py $(ARGS)
	@$(if $(ARGS),,python3 tools/bench/workflow.py)
