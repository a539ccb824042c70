# make demo | make demo MEDIA=mine.mp4 | make test | make setup
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
OUT ?= demo

.PHONY: setup demo test clean

setup: .venv/demo

# Each marker holds the extras it stands for; they are installed again when pyproject.toml changes.
.venv/pip:
	@test -n "$(PYTHON)" || { echo "edge needs Python 3.11, 3.12 or 3.13"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/demo: .venv/pip pyproject.toml
	$(BIN)/python -m pip install -q -e '.[demo,plot,jit]'
	@touch $@

.venv/dev: .venv/pip pyproject.toml
	$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@ .venv/demo

demo: .venv/demo
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

test: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

clean:
	rm -rf .venv build dist demo
