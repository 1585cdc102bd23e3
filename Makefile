# Everything runs in .venv, which these targets set up. PYTHON may name another Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
PHOTO ?=
# Installed for development, packages are compiled as they are first used (below): that must be kept.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help restore demo test test-slow test-apps lint clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

restore: .venv/runtime.done  ## restore PHOTO=a.jpg (or a folder); OPTIONS="--before-after" and the like
	@test -n "$(PHOTO)" || { echo "Say which photo: make restore PHOTO=path/to/photo.jpg"; exit 2; }
	$(BIN)/heirloom restore "$(PHOTO)" $(OPTIONS)

demo: .venv/demo.done  ## the comparison page, in a browser; OPTIONS="--port 8000" and the like
	$(BIN)/heirloom demo --open $(OPTIONS)

# One thread a process: several that each take all cores wait for each other.
test: .venv/dev.done lint  ## everything but what takes minutes
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

test-slow: .venv/dev.done  ## what takes minutes: 12- and 48-megapixel photos, kill and resume, full shipped bundle
	$(BIN)/pytest -m slow

test-apps: .venv/dev.done  ## both apps and the Raspberry Pi, as far as a Debian machine can: toolchains are fetched
	$(BIN)/pytest -m "slow or not slow" -rs tests/platforms

lint: .venv/dev.done  ## ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime.done: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e .
	touch $@

.venv/demo.done: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q -e ".[demo]"
	touch $@ .venv/runtime.done

# Compiling all of every package takes a minute; tests use a fifth of it.
.venv/dev.done: .venv/bin/python pyproject.toml
	$(BIN)/pip install -q --no-compile -e ".[dev]"
	touch $@ .venv/runtime.done .venv/demo.done

clean:  ## remove what make has made, runs of trainings too
	rm -rf .venv runs *.egg-info .mypy_cache .ruff_cache .pytest_cache
