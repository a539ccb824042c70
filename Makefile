# make demo | make demo MEDIA=mine.mp4 | make check | make test | make matrix | make lock | make setup
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= demo
INSTALL := $(BIN)/python -m pip install -q -c constraints.txt
KERNELS := $(wildcard kernels/edge_kernels/*.h kernels/edge_kernels/native/*.py)
LIBRARY := kernels/edge_kernels/lib/sources
FAST := $(BIN)/python -m pytest -m "not slow" -n 2 --ignore tests/tools

.PHONY: setup demo check lint types fast test matrix other lock clean

setup: $(VENV)/demo

# Each marker holds the extras it stands for; they are installed again when pyproject.toml changes.
$(VENV)/pip:
	@test -n "$(PYTHON)" || { echo "edge needs Python 3.11, 3.12 or 3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo: $(VENV)/pip pyproject.toml $(KERNELS)
	$(INSTALL) -e '.[demo,plot]'
	@touch $@

$(VENV)/dev: $(VENV)/pip pyproject.toml
	$(INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/demo

$(VENV)/test: $(VENV)/pip pyproject.toml
	$(INSTALL) -e '.[test]'
	@touch $@

# The kernels of this checkout; where they cannot be compiled, numba compiles them as they are called.
$(LIBRARY): $(KERNELS) | $(VENV)/dev
	-$(BIN)/python -m tools.compile_kernels --here

demo: $(VENV)/demo
ifdef MEDIA
	$(BIN)/edge songs '$(MEDIA)' -o '$(OUT)' --plot '$(OUT)/songs.png' --force
else
	@mkdir -p '$(OUT)'
	@echo "Rendering a recording: talk, talk over music, a crowd, a song, applause, talk ..."
	@$(BIN)/python -m tools.sound.sample '$(OUT)/sample.mp4'
	@echo
	$(BIN)/edge songs '$(OUT)/sample.mp4' -o '$(OUT)' --plot '$(OUT)/songs.png' --force
endif
	@echo "The clips, the list of segments and a plot are in $(OUT)/"

# Lint, types and the fast tests, side by side.
check: $(VENV)/dev $(LIBRARY)
	@$(MAKE) --no-print-directory -j2 -O lint types fast

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

fast: $(VENV)/dev $(LIBRARY)
	$(FAST)

# The tests that measure time or memory run alone.
test: lint types $(LIBRARY)
	$(BIN)/python -m pytest -m "not measured" -n 2 --dist loadfile --durations=40
	$(BIN)/python -m pytest -m measured

# The fast tests of the runtime on the newest Python, in an environment of its own.
matrix:
	@$(MAKE) --no-print-directory other VENV=.venv-3.13 PYTHON=python3.13

other: $(VENV)/test
	$(FAST)

lock: $(VENV)/dev
	@echo "# What the checks run with: make lock writes it, pip install -c constraints.txt uses it." > constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' >> constraints.txt

clean:
	rm -rf .venv .venv-3.13 build dist demo kernels/edge_kernels/lib
