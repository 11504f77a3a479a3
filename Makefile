# `make` alone lists what there is to do. Each target makes what it needs first.
PYTHON ?= python3
PORT ?= 8000

VENV := .venv/bin
RUN := PATH="$(CURDIR)/$(VENV):$$PATH" $(VENV)/python

# the words after `train` are names of trainings, not targets
ifeq (train,$(firstword $(MAKECMDGOALS)))
NAMES := $(filter-out train,$(MAKECMDGOALS))
$(NAMES): ; @:
endif

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book train test test-all serve lab demo lint format bench lock clean environment data tools

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: environment data ## build the website, with every cell executed, into _build/html
	@$(RUN) setup/book.py

train: environment data ## train anew what is shipped, all of it or as in `make train grokking`
	@$(RUN) -m solutions.experiments $(NAMES)

test: tools book ## run every test, unchanged exercises on 20 of their 200 seeds
	@$(RUN) -m pytest -n auto --dist loadscope

test-all: tools book ## run every test on every seed
	@$(RUN) -m pytest -n auto --dist loadscope --every-seed

serve: book ## show the website at http://127.0.0.1:8000 (PORT=8001 for another port)
	@echo "http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@$(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT) || test $$? -eq 130

lab: ## open JupyterLab on your copies of the exercises (COURSE=DIR: on a course)
	@$(PYTHON) setup/environment.py $(if $(COURSE),everything,student)
	@$(RUN) setup/lab.py

demo: environment tools ## make a small course in demo/ with a small class, and grade it
	@$(RUN) -m autograder demo

lint: environment ## check style, imports and the locks
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) setup/lock.py --check
	@bash -n .ci/run

format: environment ## put the code into the project's style
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

bench: environment data ## run every benchmark of the code, one at a time
	@$(RUN) setup/benchmarks.py

lock: environment ## write the locks and resolve them for every system (UPGRADE=NAME: a newer NAME)
	@$(RUN) setup/lock.py $(if $(UPGRADE),--upgrade-package $(UPGRADE))

clean: ## remove what was built; never lab/, demo/, a course folder, .venv or .cache
	@$(PYTHON) setup/clean.py

environment: ## only make .venv, with all that requirements.lock has
	@$(PYTHON) setup/environment.py

data: environment ## only fetch texts and weights
	@$(RUN) -m solutions.materials.packages

tools: ## only install the system tools (Debian, as root), or say what to install
	@$(PYTHON) setup/system_tools.py
