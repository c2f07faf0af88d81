# make demo    the whole path on a small service of our own
# make test    every test
# make build   target/release/outerloop
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: all setup build demo test check eval clean

all: build

# Installs what the machine lacks: bubblewrap from Debian's packages, pytest for the demo's service.
setup:
	@.ci/setup

build: setup
	@echo "== building target/release/outerloop (a first build takes some minutes)"
	cargo build --release --bin outerloop

demo: build
	@tests/demo/run.sh target/release/outerloop demo-out

test: setup
	@echo "== [1/4] formatting and lints"
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@echo "== [2/4] building"
	cargo build --release --workspace --bins --tests
	@echo "== [3/4] tests"
	cargo test --release --workspace
	@echo "== [4/4] the demo, checked by its own oracle"
	tests/demo/run.sh target/release/outerloop demo-out

# The benchmark on real crashes; CASES is a folder of cases.
CASES ?= ../shared/data/realcrash/pypi
eval: build
	target/release/outerloop eval $(CASES)

clean:
	rm -rf demo-out
	cargo clean
