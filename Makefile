# Two commands set everything up: `make demo` and `make test`. Each makes the virtual environment where there is none.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test fuzz lint clean

# Versions are pinned in requirements.txt; the stamp is remade when they change.
$(VENV)/.installed: requirements.txt pyproject.toml reproduce/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . --editable reproduce
	touch $@

demo: $(VENV)/.installed
	$(BIN)/archflow demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest

# The property tests with fresh seeds and 2,000 examples each; takes hours on all of them, so name files: FUZZ=tests/graph.
FUZZ ?= tests
fuzz: $(VENV)/.installed
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m hypothesis $(FUZZ)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

clean:
	rm -rf $(VENV)
