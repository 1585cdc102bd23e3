# Everything runs in .venv, which these targets set up. PYTHON may name another Python 3.11 or later.
PYTHON ?= python3
BIN := .venv/bin
PHOTO ?=
# Installed for development, packages are compiled as they are first used (below): that must be kept.
export PYTHONDONTWRITEBYTECODE :=

# LOCKED=1 installs what requirements/ pins by hash, and nothing else: for Linux on x86_64, with Python 3.11.
LOCKED ?=
UV := uv==0.13.9
COMPILE := uv pip compile pyproject.toml requirements/build.in -c requirements/constraints.txt --generate-hashes \
	--python-version 3.11 --python-platform x86_64-manylinux_2_28 --upgrade --quiet --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

# install NAME,REQUIREMENT,OPTIONS: as pinned in requirements/NAME.txt, or the newest that pyproject.toml allows.
install = $(BIN)/pip install -q $(3) $(if $(LOCKED),--require-hashes -r requirements/$(1).txt && \
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .,-e "$(2)")

.PHONY: help restore demo kiosk test test-slow test-apps lint lock audit clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

restore: .venv/runtime.done  ## restore PHOTO=a.jpg (or a folder); OPTIONS="--before-after" and the like
	@test -n "$(PHOTO)" || { echo "Say which photo: make restore PHOTO=path/to/photo.jpg"; exit 2; }
	$(BIN)/heirloom restore "$(PHOTO)" $(OPTIONS)

demo: .venv/demo.done  ## the page that restores photos, in a browser; OPTIONS="--port 8000" and the like
	$(BIN)/heirloom demo --open $(OPTIONS)

kiosk: .venv/kiosk.done  ## the touch page of a kiosk, on this machine; OPTIONS=kiosk.toml
	$(BIN)/heirloom kiosk $(OPTIONS)

# One thread a process: several that each take all cores wait for each other. A test that hangs fails, and says where.
test: .venv/dev.done lint  ## everything but what takes minutes
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal --timeout 300

test-slow: .venv/dev.done  ## what takes minutes: 12- and 48-megapixel photos, kill and resume, full shipped bundle
	$(BIN)/pytest -m slow

test-gpu: .venv/dev.done  ## the networks on a CUDA GPU against the CPU: results, memory, time
	$(BIN)/pytest -m gpu -rs -s tests/gpu

test-apps: .venv/dev.done  ## both apps and the Raspberry Pi, as far as a Debian machine can: toolchains are fetched
	$(BIN)/pytest -m "slow or not slow" -rs tests/platforms

lint: .venv/dev.done  ## ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

lock: .venv/bin/python  ## write requirements/*.txt anew; needs an index that has torch's CPU build
	$(BIN)/pip install -q $(UV)
	$(BIN)/$(COMPILE) -o requirements/runtime.txt
	$(BIN)/$(COMPILE) --extra demo -o requirements/demo.txt
	$(BIN)/$(COMPILE) --extra kiosk -o requirements/kiosk.txt
	$(BIN)/$(COMPILE) --extra dev -o requirements/dev.txt

audit: .venv/bin/python  ## known holes in what requirements/ pins (pip-audit), and sbom-NAME.json of it
	$(BIN)/pip install -q pip-audit==2.10.1 cyclonedx-bom==7.5.0
	for name in runtime demo kiosk dev; do \
		$(BIN)/cyclonedx-py requirements requirements/$$name.txt -o sbom-$$name.json && \
		sed 's/+cpu//' requirements/$$name.txt > .venv/audited.txt && \
		$(BIN)/pip-audit --strict --disable-pip --require-hashes -r .venv/audited.txt || exit 1; \
	done

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime.done: .venv/bin/python pyproject.toml $(if $(LOCKED),requirements/runtime.txt)
	$(call install,runtime,.)
	touch $@

.venv/demo.done: .venv/bin/python pyproject.toml $(if $(LOCKED),requirements/demo.txt)
	$(call install,demo,.[demo])
	touch $@ .venv/runtime.done

.venv/kiosk.done: .venv/bin/python pyproject.toml $(if $(LOCKED),requirements/kiosk.txt)
	$(call install,kiosk,.[kiosk])
	touch $@ .venv/runtime.done

# pip resolves the tools of conversion only when it is told which versions fit: those of the lock file.
# Compiling all of every package takes a minute; tests use a fifth of it.
.venv/dev.done: .venv/bin/python pyproject.toml requirements/dev.txt
	sed -n 's/^\([^ =]*==[^ ;+]*\).*/\1/p' requirements/dev.txt > .venv/tested.txt
	$(call install,dev,.[dev],--no-compile $(if $(LOCKED),,-c .venv/tested.txt))
	touch $@ .venv/runtime.done .venv/demo.done .venv/kiosk.done

clean:  ## remove what make has made, runs of trainings too
	rm -rf .venv runs *.egg-info .mypy_cache .ruff_cache .pytest_cache
