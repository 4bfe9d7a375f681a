# One line a target; CI calls the same ones. PYTHON is any Python from 3.11 on.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RELEASES ?= 1.24.1 1.26.0
ARTIFACTS := build/artifacts/scenarios

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint java bench serve clients battery bench-service bench-java bench-peers soak-java test-lowest test-full coverage mutants runtimes lock clean

help:            ## Say what there is
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

setup: $(VENV)/.done  ## Make .venv with the pinned packages
$(VENV)/.done: constraints.txt pyproject.toml
	@tools/setup.sh $(PYTHON) $(VENV)
	@touch $@

demo: setup      ## Train, export, prove, serve and score the three scenarios
	@$(BIN)/python -m tools.demo

test: setup      ## All tests, Python and Java
	@tools/test.sh $(BIN)

check: setup lint test  ## Format, lint, types and all tests

lint: setup      ## Format, lint and types
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

java:            ## The Java client alone
	@cd java-client && mvn -B -ntp verify

bench: setup     ## Benchmarks against peers
	@$(BIN)/python -m benchmarks

serve: setup     ## Serve what the demo exported
	@$(BIN)/samescore serve $(ARTIFACTS)

clients:         ## Environments of the protocol's foreign clients, which the tests then use
	@tools/clients.sh $(PYTHON)

battery: setup   ## The reliability battery of the service; SOAK=1800 for half an hour of soak
	@$(BIN)/python -m parity_tests.battery --soak $(or $(SOAK),120)

bench-service: setup ## The service beside a bare WSGI function on the same server (needs wrk)
	@$(BIN)/python -m benchmarks.serving --access-log /dev/null

bench-java: setup ## The Java client beside hand-written onnxruntime code, with JMH
	@tools/bench_java.sh $(BIN)

bench-peers: setup ## The Java client beside JPMML-Evaluator on the same forest, with JMH
	@tools/bench_peers.sh $(BIN)

soak-java: setup ## The Java client's memory over 10 million rows and 2,000 opens; ROWS=, CYCLES= for fewer
	@tools/soak_java.sh $(BIN) $(or $(ROWS),10000000) $(or $(CYCLES),2000)

test-full: setup ## The long battery: every parity case on 2,000 ordinary rows and 6,000 probes, on every backend
	@$(BIN)/python -m parity_tests.report --full --seconds 600 -o build/parity-full --artifacts build/artifacts/parity-full

coverage: test-full ## Renew docs/coverage.md from the full run
	@$(BIN)/python -m tools.coverage_page build/parity-full/report.json

mutants: setup   ## The prover tested by mutation: more than a thousand wrong graphs; renews docs/mutants.md
	@$(BIN)/python -m parity_tests.mutation.battery -o build/mutants && cp build/mutants/mutants.md docs/mutants.md

runtimes: setup  ## The suite's artifacts under other releases of onnxruntime: RELEASES="1.23.2 1.26.0"
	@$(BIN)/python -m parity_tests.runtimes $(RELEASES) -o build/runtimes

test-lowest:     ## The Python tests with the lowest versions that pyproject.toml declares
	@tools/test_lowest.sh $(PYTHON)

lock: setup      ## Renew constraints.txt
	@tools/lock.sh $(PYTHON)

clean:           ## Remove what the targets made
	@rm -rf build dist $(VENV) .venv-* java-client/target
