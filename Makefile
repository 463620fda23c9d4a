# The verbs of the project; each is a thin line over jupyter-book, nbgrader or pytest.
.DEFAULT_GOAL := help
.PHONY: help course test book serve exercises grade sample-class bundle mistakes bench lock links lint clean

PYTHON ?= python3
ASSIGNMENT ?= transformer
VENV := .venv
INSTALLED := $(VENV)/installed
SAMPLE := $(CURDIR)/_build/sample-class
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

course: book exercises sample-class  ## everything: install, build the book, release, grade a sample class
	@python tools/summary.py $(SAMPLE)

test: book exercises sample-class  ## prove that everything is right
	ruff check . && ruff format --check .
	PYTHONWARNDEFAULTENCODING=1 pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder
	OMP_NUM_THREADS=1 pytest --nbval --numprocesses=auto --dist=loadfile _build/jupyter_execute/book
	pytest --nbval-lax --numprocesses=auto --dist=loadfile solutions

book: $(INSTALLED)  ## execute the pages and build the book into _build/html
	jupyter-book build . -n -W --keep-going

serve: book  ## show the book on http://localhost:8000
	python -m http.server 8000 --directory _build/html

exercises: $(INSTALLED)  ## release solutions/ as exercises/ and tell the gradebook
	nbgrader generate_assignment $(ASSIGNMENT) --force
	python -m grader.judging --learn $(ASSIGNMENT)

grade: $(INSTALLED)  ## grade submitted/STUDENT/transformer/*.ipynb
	python -m grader $(ASSIGNMENT)

sample-class: $(INSTALLED)
	python tools/sample_class.py $(SAMPLE)
	nbgrader generate_assignment $(ASSIGNMENT) --force --CourseDirectory.root=$(SAMPLE) --Application.log_level=WARN
	python -m grader $(ASSIGNMENT) --root $(SAMPLE) --sandbox=if-possible

bundle: exercises  ## pack what students get into _build/transformer-course.zip
	python tools/bundle.py _build/transformer-course.zip

mistakes: $(INSTALLED)  ## show what the tests make of the known answers to TASK
	@python -m grader.judging $(TASK)

bench: $(INSTALLED)  ## compare the speed of lib/ with PyTorch, of grading with plain nbgrader
	python -m tests.bench.bench_lib
	python -m tests.bench.bench_grading

links: $(INSTALLED)  ## check the external links of the book
	jupyter-book build . --builder linkcheck

lock: $(INSTALLED)  ## write requirements.lock anew from requirements.txt
	python tools/lock.py

lint: $(INSTALLED)  ## format the code and report what ruff finds
	ruff format . && ruff check --fix .

clean:  ## delete what was built; keeps the virtual environment and your submissions
	rm -rf _build .pytest_cache .ruff_cache

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv $(VENV)
	pip install --disable-pip-version-check -r requirements.lock || { echo "Installing failed. It needs a network to reach the package index, once; then run make again." >&2; exit 1; }
	pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	touch $@
