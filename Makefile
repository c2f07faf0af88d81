# make demo    the whole path on a small service of our own
# make test    every test
# make build   target/release/outerloop and, beside it, the Python guest
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: all setup build guest demo test eval clean

all: build

# Installs what the machine lacks: bubblewrap from Debian's packages, pytest for the demo's service.
setup:
	@.ci/setup

build: setup guest
	@echo "== building target/release/outerloop (a first build takes some minutes)"
	cargo build --release --bin outerloop

# The Python guest of the WebAssembly isolate: kept by the hash of its inputs, and linked where the program looks for it.
OUTERLOOP_CACHE ?= $(HOME)/.cache/outerloop
TARGET = $(or $(CARGO_TARGET_DIR),target)/release
guest: setup
	@mkdir -p $(TARGET)
	@guest=$$(sandbox/guest/build.sh $(OUTERLOOP_CACHE)/guest fixer/src/lang/python/runner.py); \
	cmp -s "$$guest" $(TARGET)/outerloop-python.wasm || ln -f "$$guest" $(TARGET)/outerloop-python.wasm 2>/dev/null || cp -f "$$guest" $(TARGET)/outerloop-python.wasm

demo: build
	@tests/demo/run.sh $(TARGET)/outerloop demo-out

test: setup guest
	@.ci/setup tests
	@echo "== [1/4] building (a first build takes some minutes)"
	cargo build --release --workspace --bins --tests
	@echo "== [2/4] formatting and lints"
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets -- -D warnings
	@echo "== [3/4] tests"
	cargo test --release --workspace
	@echo "== [4/4] the demo, checked by its own oracle"
	tests/demo/run.sh $(TARGET)/outerloop demo-out

# The benchmark on real crashes; CASES is a folder of cases, our own by default.
CASES ?= tests/realcrash
eval: build
	$(TARGET)/outerloop eval $(CASES)

clean:
	rm -rf demo-out
	cargo clean
