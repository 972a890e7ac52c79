# Daybreak. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# One profile for everything that the labs run: daemons, tests and image share what cargo compiles.
PROFILE ?= lab
TARGET  := $(or $(CARGO_TARGET_DIR),target)
BIN     := $(TARGET)/$(PROFILE)
CACHE   := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/daybreak
CARGO   := cargo
# Every shell script of the tree, by its first line.
SCRIPTS  = $(shell git grep -lE '^.!(/usr/bin/env bash|/bin/(ba)?sh)$$' -- ':!*.rs' ':!*.md')
# Folder of a crate, and a target in its fuzz/.
FUZZ := provisioner/dhcp:packets provisioner/tftp:packet provisioner/tftp:transfer netconf-server/xpath:expression \
        netconf-server/protocol:stream vrouter:fpm vrouter:netlink vrouter:packet
FUZZ_SECONDS ?= 60
export DAYBREAK_BIN   := $(abspath $(BIN)/daybreak)
export DAYBREAK_CACHE := $(abspath $(CACHE))
export DAYBREAK_IMAGE := $(abspath build/lab/vrouter)

.PHONY: help setup build image demo demo-down test test-pairs test-matrix test-reproducible test-crates test-labs lint fmt fuzz \
        bench-setup bench-forward bench-fib bench-dhcp bench-tftp bench-http bench-seed bench-image bench-boot bench-netconf bench-telemetry

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: ## install the Debian packages of demo and tests (as root, asks nothing)
	@tests/setup/packages.sh

build: setup ## compile the daemons
	$(CARGO) build --locked --profile $(PROFILE) --workspace --bins

image: build ## build the appliance image that demo and tests boot (quick compression)
	$(BIN)/daybreak image build image/appliance.yaml --test $(FORMATS) --build-dir build/lab --programs $(BIN)

demo: image ## empty machine -> network boot -> install -> SSH; leaves the lab running
	$(BIN)/daybreak-demo up

demo-down: ## end the lab that `make demo` left running
	$(BIN)/daybreak-demo down

test: test-crates test-labs ## everything: unit, integration and lab tests

test-crates: build
	tests/setup/cargo-test.sh --locked --profile $(PROFILE) --workspace --no-fail-fast
	DAYBREAK_NETCONFD=$(abspath $(BIN)/netconfd) ansible/tests/run

# Every medium, firmware and data source is in a row; `make test-pairs` has every pair, `make test-matrix` all with each other.
test-labs test-pairs test-matrix: FORMATS := --format pxe,raw,qcow2,ova,iso
LABS = tests/setup/labs.sh $(1) --locked --profile $(PROFILE) -p daybreak-tests --no-fail-fast
test-labs: image
	$(call LABS,test)

test-pairs: image ## every pair of medium, firmware and data source (half an hour without KVM)
	$(call LABS,pairs)

test-matrix: image ## every medium by every firmware and with every data source, every disk controller, power cuts, Secure Boot (hours without KVM)
	$(call LABS,matrix)

test-reproducible: build ## two builds from nothing in two folders give the same bytes (minutes, not part of `make test`)
	DAYBREAK_BIN=$(abspath $(BIN)/daybreak) image/tests/reproducible.sh --test --programs $(BIN)

lint: ## formatting, clippy, dependency policy, scripts
	@tests/setup/packages.sh tests/setup/packages-lint.txt
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --profile $(PROFILE) --workspace --all-targets --all-features -- -D warnings
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --locked check licenses bans sources
	@if $(CARGO) deny --locked fetch db; then $(CARGO) deny --locked check advisories; \
	else echo 'lint: the advisory database is out of reach: advisories were NOT checked' >&2; fi
	shellcheck --exclude=SC1091 $(SCRIPTS)

# One folder for what all of them compile.
fuzz: export CARGO_TARGET_DIR := $(abspath $(TARGET))/fuzz
fuzz: setup ## fuzz every input from outside, FUZZ_SECONDS each (needs a nightly compiler)
	@rustup run nightly rustc --version >/dev/null || { echo 'fuzz: rustup toolchain install nightly' >&2; exit 1; }
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	@set -e; for target in $(FUZZ); do \
	    echo "fuzz: $$target, $(FUZZ_SECONDS) s" >&2; \
	    (cd "$${target%:*}" && $(CARGO) +nightly fuzz run "$${target#*:}" -- -max_total_time=$(FUZZ_SECONDS)); \
	done

fmt: ## format the sources
	$(CARGO) fmt --all

bench-dhcp: bench-setup ## DHCP exchanges per second beside Kea and dnsmasq
	tests/bench/dhcp/run

bench-tftp: bench-setup ## TFTP throughput and sessions beside tftpd-hpa and atftpd
	tests/bench/tftp/run

bench-http: bench-setup ## image stream beside nginx
	tests/bench/http/run

bench-seed: bench-setup ## seed fetched by cloud-init's own code
	tests/bench/seed/run

bench-image: bench-setup ## time and size of each step of the image build
	tests/bench/image/run

bench-boot: image ## power-on to login and to NETCONF ready, BIOS and UEFI, fresh and installed disk
	$(BIN)/daybreak-bench-boot

bench-forward: bench-setup ## packets per second of one core through the data plane beside testpmd
	tests/bench/forward/run

bench-fib: bench-setup ## a million routes from FPM into the forwarding table beside zebra with its kernel
	tests/bench/fib/run

bench-netconf: bench-setup ## edits and commits beside yuma's netconfd, and the engine beside libyang
	tests/bench/netconf/run

bench-telemetry: bench-setup ## points per second into InfluxDB beside curl, scrapes beside node_exporter
	tests/bench/telemetry/run

bench-setup: setup
	@tests/setup/packages.sh tests/setup/packages-bench.txt
