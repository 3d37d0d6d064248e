# The verbs of this project. Each sets up what it needs: Python 3.11 or newer and make are enough
# (for tests and figures, on a Debian machine as root; elsewhere they say what to install).
.DEFAULT_GOAL := help
.PHONY: help demo test test-long check bench servers

SET_UP := .venv/.set-up
RUN := .venv/bin

help:  ## print the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' Makefile | column -t -s '#' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1  \2/p' Makefile

demo: $(SET_UP)  ## play a synthetic feed through the real listener and show the tasks it raises
	$(RUN)/warmhandoff demo

test: servers  ## run every test
	$(RUN)/python -m pytest -n 3 --dist worksteal

test-long: servers  ## what time and chance find: kills, faults, mutants, memory; under an hour (SEED=7 ONLY=kills replays)
	$(RUN)/python -m tests.long $(ONLY) $(addprefix --seed ,$(SEED)) $(addprefix --number ,$(NUMBER)) $(if $(BRIEF),--brief)

check: $(SET_UP)  ## style, types, and the direction of every import
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: servers  ## measure throughput and delay on this machine
	$(RUN)/python -m bench

# A real Kafka and PostgreSQL for tests; nothing that the product needs.
servers: $(SET_UP)
	@sh .ci/set-up-servers

$(SET_UP): pyproject.toml uv.lock .ci/set-up
	@sh .ci/set-up
	@touch $@
