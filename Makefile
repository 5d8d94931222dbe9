# Asklepion. `make` alone lists what there is. PORT, PYTHON, ARGS, N and SKIP_NOTHING may be set on the command line.

PORT ?= 8000
PYTHON ?=
ARGS ?=
N ?=
VENV := .venv
IN_VENV := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help run serve test benchmark check format archive

help:
	@echo "make run      start the portal with the archive and a demo on http://127.0.0.1:$(PORT)/ (PORT=8001 for another port)"
	@echo "make serve    serve it as in production, by the variables in the README (HERE=1 to try that on this machine)"
	@echo "make test     run all tests (ARGS=\"-k reply\" for some; SKIP_NOTHING=1 fails where one is skipped)"
	@echo "make benchmark  measure how fast all pages are (N=1000000 with a million questions)"
	@echo "make check    look at the code without running it: ruff, djade, missing migrations"
	@echo "make format   bring code and templates into form"
	@echo "make archive  make fixtures/archive.json anew from fixtures/documents/"

run: export DEBUG = 1
run: export PORT := $(PORT)
run: $(VENV)/installed $(VENV)/tried-semantic
	@$(IN_VENV) manage.py demo

# With HERE=1 what production requires is set for this machine alone; each may still be given: SITE_NAME=… make serve HERE=1
ifdef HERE
serve: export SECRET_KEY ?= $(shell od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
serve: export ALLOWED_HOSTS ?= 127.0.0.1,localhost
serve: export SITE_URL ?= http://127.0.0.1:$(PORT)
serve: export FROM_EMAIL ?= no-reply@localhost
serve: export EMAIL_URL ?= file://$(or $(DATA_DIR),$(CURDIR)/var)/mail
endif
serve: export PORT := $(PORT)
serve: $(VENV)/installed
	@$(IN_VENV) manage.py serve

test: export SKIP_NOTHING := $(SKIP_NOTHING)
test: $(VENV)/installed-for-tests
	@$(IN_VENV) -m tests $(ARGS)

benchmark: $(VENV)/installed-for-tests
	@$(IN_VENV) -m tests.load.benchmark $(N) $(ARGS)

check: export DEBUG = 1
check: $(VENV)/installed-for-tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	@find templates -name "*.html" -exec $(VENV)/bin/djade --target-version 5.2 --check {} +
	$(IN_VENV) manage.py makemigrations --check --dry-run

format: $(VENV)/installed-for-tests
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	find templates -name "*.html" -exec $(VENV)/bin/djade --target-version 5.2 {} + || true

archive: $(VENV)/installed-for-tests
	UPDATE_FIXTURES=1 $(IN_VENV) -m pytest tests/test_archive_fixture.py

# The virtual environment. An empty file in it says what was installed; a newer list of requirements makes it anew.

$(VENV)/installed: requirements.txt | $(IN_VENV)
	@echo "Installing what the portal needs …"
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# The portal runs without it: what cannot be installed is said, and tried again when the list changes.
$(VENV)/tried-semantic: qa/embedding/requirements.txt | $(VENV)/installed
	@echo "Installing what compares questions by their meaning …"
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --require-hashes -r $< >$@.log 2>&1 || \
	    echo "That did not work ($@.log says why); questions are compared by their words instead."
	@touch $@

$(VENV)/installed-for-tests: tests/requirements.txt | $(IN_VENV)
	@echo "Installing what the tests need …"
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@

$(IN_VENV):
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	    if "$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "The portal needs Python 3.11 or newer, but $(or $(PYTHON),python3) is older or missing. Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	echo "Making a virtual environment with $$found …"; \
	"$$found" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
