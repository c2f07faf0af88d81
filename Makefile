# make demo    the whole path on a small service of our own
# make test    every test
# make build   target/release/outerloop
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: all setup build guest guest-test demo test eval clean

all: build

# Installs what the machine lacks: bubblewrap from Debian's packages, pytest for the demo's service.
setup:
	@.ci/setup

build: setup
	@echo "== building target/release/outerloop (a first build takes some minutes)"
	cargo build --release --bin outerloop

# The Python guest of the WebAssembly isolate (feature `wasm` of the sandbox crate), which `fix` does not use yet;
# `make guest-test` runs its tests. Both are apart from the rest: wasmtime doubles the time of a cold build.
OUTERLOOP_CACHE ?= $(HOME)/.cache/outerloop
GUEST = sandbox/guest/build.sh $(OUTERLOOP_CACHE)/guest fixer/src/lang/python/runner.py
guest:
	@echo "== building the Python guest (a minute, once)"
	@$(GUEST)

guest-test: setup
	OUTERLOOP_GUEST=$$($(GUEST) | tail -1) cargo test --release -p sandbox --features wasm wasm::

demo: build
	@tests/demo/run.sh target/release/outerloop demo-out

test: setup
	@echo "== [1/4] building (a first build takes some minutes)"
	cargo build --release --workspace --bins --tests
	@echo "== [2/4] formatting and lints"
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
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
