# The commands of the project. CI calls exactly these.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
RILLCAST := target/debug/rillcast
JS_SDK := tests/sdk/js/node_modules/.package-lock.json
CHAT_SDK := tests/sdk/chat/node_modules/.package-lock.json
PLAYERS := tests/players/node_modules/.package-lock.json
S3 := tests/s3/node_modules/.package-lock.json
RUST_SDK := --locked --manifest-path tests/sdk/rust/Cargo.toml --target-dir target/sdk-story
CHAT_BENCH := --locked --manifest-path benches/chat/Cargo.toml --target-dir target/chat-bench
PLAYBACK_BENCH := --locked --manifest-path benches/playback/Cargo.toml --target-dir target
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
DENY_VERSION := 0.20.2

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --- set-up ---------------------------------------------------------------------------------------

.PHONY: setup
setup: system $(VENV)/.ready console $(JS_SDK) $(CHAT_SDK) $(PLAYERS) $(S3) cargo-deny ## Install what a clean Debian 12 lacks (Rust comes by rustup)

# A command and the Debian package that brings it.
SYSTEM := cc:build-essential python3:python3 ffmpeg:ffmpeg chromium:chromium node:nodejs npm:npm openssl:openssl nats-server:nats-server nginx:nginx-light varnishd:varnish

.PHONY: system
system:
	@# Servers are kept where only root's path leads.
	@missing=""; PATH="$$PATH:/usr/sbin"; for pair in $(SYSTEM); do command -v "$${pair%%:*}" >/dev/null || missing+=" $${pair##*:}"; done; \
	python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=" python3-venv"; \
	PATH="$$PATH:$$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"; \
	command -v initdb >/dev/null || missing+=" postgresql"; \
	[ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf ] || missing+=" fonts-dejavu-core"; \
	if [ -n "$$missing" ]; then echo "installing$$missing"; \
	  $(SUDO) apt-get -qq update && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get -qq install -y $$missing >/dev/null; fi

$(VENV)/.ready: tests/requirements.txt benches/requirements.txt
	@[ -x $(PYTHON) ] || python3 -m venv $(VENV)
	@$(PYTHON) -m pip install -q --disable-pip-version-check -r tests/requirements.txt -r benches/requirements.txt
	@touch $@

.PHONY: console
console: console/dist/console.js ## Build the pages that the binary embeds

console/node_modules/.package-lock.json: console/package-lock.json
	@cd console && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

console/dist/console.js: console/node_modules/.package-lock.json console/build.mjs $(shell find console/src -type f)
	@cd console && npm run --silent build

$(JS_SDK): tests/sdk/js/package-lock.json
	@cd tests/sdk/js && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

$(CHAT_SDK): tests/sdk/chat/package-lock.json
	@cd tests/sdk/chat && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

$(PLAYERS): tests/players/package-lock.json
	@cd tests/players && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

$(S3): tests/s3/package-lock.json
	@cd tests/s3 && npm ci --silent --no-audit --no-fund && touch node_modules/.package-lock.json

.PHONY: cargo-deny
cargo-deny:
	@# It runs for seconds: to optimise it would take longer than all its work.
	@command -v cargo-deny >/dev/null || CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo install --debug --quiet --locked cargo-deny@$(DENY_VERSION)

# --- use --------------------------------------------------------------------------------------------

.PHONY: build
build: console ## Build the server (target/debug/rillcast)
	@cargo build --quiet -p rillcast

.PHONY: demo
demo: setup build ## Start a server, send it a test picture, print the page that plays it
	@$(PYTHON) deploy/demo.py $(RILLCAST)

# --- tests and rules ----------------------------------------------------------------------------------

.PHONY: test
test: console $(VENV)/.ready ## All tests: unit, property, fuzz corpus, end to end with ffmpeg, AWS SDKs and a browser
	$(PYTHON) tests/run.py rust
	cargo test --quiet $(CHAT_BENCH)
	cargo test --quiet $(PLAYBACK_BENCH)
	@$(MAKE) --no-print-directory e2e

.PHONY: e2e
e2e: build sdks $(PLAYERS) $(S3) $(VENV)/.ready ## Only the end-to-end tests
	@$(PYTHON) tests/run.py e2e $(PYTEST)

.PHONY: sdks
sdks: $(JS_SDK) $(CHAT_SDK) ## Install and build the SDKs' clients for the end-to-end tests
	@cargo build --quiet $(RUST_SDK)

.PHONY: check
check: console $(VENV)/.ready ## Formatting, lints, floors, generated files, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo test --quiet -p xtask
	cargo run --quiet -p xtask -- generate --check
	cd console && npm run --silent check
	cargo deny --log-level error check bans licenses sources
	cargo fmt --manifest-path tests/sdk/rust/Cargo.toml --check
	cargo clippy --quiet $(RUST_SDK) -- -D warnings
	cargo deny --manifest-path tests/sdk/rust/Cargo.toml --log-level error check bans licenses sources
	cargo fmt --manifest-path benches/chat/Cargo.toml --check
	cargo clippy --quiet $(CHAT_BENCH) --all-targets -- -D warnings
	cargo deny --manifest-path benches/chat/Cargo.toml --log-level error check bans licenses sources
	cargo fmt --manifest-path benches/playback/Cargo.toml --check
	cargo clippy --quiet $(PLAYBACK_BENCH) --all-targets -- -D warnings
	cargo deny --manifest-path benches/playback/Cargo.toml --log-level error check bans licenses sources

.PHONY: generate
generate: $(VENV)/.ready ## Renew the API shapes from the vendor's model
	cargo run --quiet -p xtask -- generate

.PHONY: docs
docs: ## Renew the pages that are made from code
	UPDATE_DOCS=1 cargo test --quiet -p rillcast the_committed

.PHONY: site
site: console ## Write the guide as files for any web server (target/site)
	@cargo run --quiet -p xtask -- site target/site

.PHONY: fuzz
fuzz: ## Run each fuzz target for a minute (needs cargo-fuzz)
	@command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
	for target in chat flv fmp4 pattern playback_token policy rtmp transport websocket; do \
	  cargo fuzz run --fuzz-dir fuzz/libfuzzer -s none $$target fuzz/corpus/$$target -- -max_total_time=60 -print_final_stats=1; done

# --- measurements -----------------------------------------------------------------------------------

.PHONY: bench
bench: setup bench-peers ## Measure Rillcast beside its peers in one run (about an hour)
	cargo build --release --quiet -p rillcast
	$(PYTHON) benches/run.py

.PHONY: bench-peers
bench-peers: ## Install the peers that benches compare with
	@benches/peers.sh

.PHONY: dist
dist: console ## Build what is handed out: binary, archive, Debian package (target/dist)
	cargo build --release --quiet -p rillcast
	@deploy/package.sh target/release/rillcast target/dist
