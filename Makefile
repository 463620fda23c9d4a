# The verbs of the project; each is a thin line over jupyter-book, nbgrader or pytest.
.DEFAULT_GOAL := help
.PHONY: help course test quick book serve exercises grade report sample-class bundle mistakes bench lock links lint types clean

PYTHON ?= python3
# A part is a folder of solutions/. PART=bert restricts a verb to one of them.
PART ?= $(notdir $(patsubst %/,%,$(wildcard solutions/*/)))
# COLD=1 executes and proves every page again, whatever this machine has seen before.
COLD ?=
VENV := .venv
INSTALLED := $(VENV)/installed
SAMPLE := $(CURDIR)/_build/sample-class
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
ifneq ($(COLD),)
export COURSE_CACHE := $(CURDIR)/_build/cold-cache
endif

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

course: book exercises sample-class  ## everything: install, build the book, release, grade a sample class
	@python -m tools.summary $(SAMPLE)

test: book exercises sample-class  ## prove that everything is right, or all that belongs to PART=...
	ruff check . && ruff format --check . && mypy
	PARTS="$(PART)" PYTHONWARNDEFAULTENCODING=1 pytest --numprocesses=auto --dist=loadscope --no-loadscope-reorder --durations=25
	python -m tools.prove_pages $(PART)
	pytest --nbval-lax --numprocesses=auto --dist=loadfile $(addprefix solutions/,$(PART))

quick: $(INSTALLED)  ## test what has changed since the last commit, in about a minute
	python -m tools.quick_tests

book: $(INSTALLED)  ## execute the pages and build the book into _build/html
	@$(if $(COLD),rm -rf $(COURSE_CACHE))
	jupyter-book build . -n -W --keep-going

serve: book  ## show the book on http://localhost:8000
	python -m http.server 8000 --directory _build/html

exercises: $(INSTALLED)  ## release solutions/ as exercises/ and tell the gradebook
	python -m grader.release $(PART)

grade: $(INSTALLED)  ## grade submitted/STUDENT/PART/*.ipynb, of PART=... or of every part handed in
	python -m grader $(PART)

report: $(INSTALLED)  ## write report/PART/ on a graded class: plots, tables, mistakes, same answers
	python -m grader.batch.class_report $(PART)

sample-class: $(INSTALLED)
	python -m tools.sample_class $(SAMPLE) $(PART)
	python -m grader.release $(PART) --root $(SAMPLE)
	python -m grader $(PART) --root $(SAMPLE) --sandbox=if-possible

bundle: exercises  ## pack what students get: _build/PART-course.zip for each part
	python -m tools.bundle _build $(PART)

mistakes: $(INSTALLED)  ## show what the tests make of the known answers to TASK=...
	@python -m grader.judging $(TASK)

bench: $(INSTALLED)  ## compare the speed of lib/ with PyTorch, of grading with plain nbgrader; ONLY=... for a row
	python -m tests.bench.bench_lib --only "$(ONLY)"
	$(if $(ONLY),,python -m tests.bench.bench_grading)

experiment: $(INSTALLED)  ## compute experiments/NAME/result.json; a run that was stopped goes on
	$(if $(NAME),,$(error expected make experiment NAME=..., one of $(notdir $(patsubst %/run.py,%,$(wildcard experiments/*/run.py)))))
	python -m experiments.$(NAME).run

links: $(INSTALLED)  ## check the external links of the book
	jupyter-book build . --builder linkcheck

lock: $(INSTALLED)  ## write requirements.lock anew from requirements.txt
	python tools/lock.py

lint: $(INSTALLED)  ## format the code and report what ruff finds
	ruff format . && ruff check --fix .

types: $(INSTALLED)  ## check the annotations
	mypy

clean:  ## delete what was built; keeps the virtual environment and your submissions
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv $(VENV)
	pip install --disable-pip-version-check -r requirements.lock || { echo "Installing failed. It needs a network to reach the package index, once; then run make again." >&2; exit 1; }
	pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@
