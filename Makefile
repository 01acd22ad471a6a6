# Each target is deploy/setup and one command; where make is missing, run the two by hand.
.PHONY: help setup demo simulate up fuzz test test-rabbitmq4 check bench clean
BIN := .venv/bin

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 22

setup:  ## the virtual environment, brought up to date
	@deploy/setup

demo: setup  ## the whole way of some messages, watched, on a machine with nothing installed
	@$(BIN)/pmp demo

simulate: setup  ## a month of a small state, laid beside a slow model of the rules; ARGS=--postgres keeps its store there
	@$(BIN)/pmp simulate $(ARGS)

up: setup  ## the workers
	@$(BIN)/pmp up

test: setup  ## all tests, on a real RabbitMQ and PostgreSQL
	@$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

test-rabbitmq4: setup  ## what a broker does, on a RabbitMQ 4 (Debian 13's, unpacked)
	@PMP_PRIVATE_RABBITMQ=trixie $(BIN)/python -m pytest $(addprefix tests/integration/test_,topology.py doctor.py main_path.py)

check: setup  ## style, types, who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup  ## how fast, beside which peers
	@$(BIN)/python -m bench

fuzz: setup  ## ten minutes' search, guided by coverage, for ASAP files that are handled wrongly
	@$(BIN)/python -m tests.fuzz.guided --seconds 600

clean:  ## nothing left but what is in git
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
