# The few commands of this project. What needs root asks for it through sudo.
ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo --preserve-env)
BIN := .venv/bin
PYTEST := $(ROOT) $(BIN)/python -m pytest --dist loadscope --no-loadscope-reorder --ignore tests/lab

# Or each of the many processes that a run of the tests starts would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 14

up: ## Install what is missing, start everything, stop it with Ctrl-C
	@$(ROOT) deploy/install
	@$(ROOT) deploy/daemons
	@exec $(ROOT) $(BIN)/python manage.py up $(addprefix --only=,$(ONLY))

test: ## Run every table and every story once; TESTS=tests/life runs a folder
	@$(ROOT) deploy/install dev
	@$(ROOT) deploy/daemons
	@$(PYTEST) -n 5 -m "not proof" $(TESTS)

proof: ## Run all there is: each step, each state, each client, two hosts, Tempest, random faults
	@$(ROOT) deploy/install dev
	@$(ROOT) deploy/daemons
	@$(PYTEST) -n 3 $(TESTS) # fewer at once: much of it waits for guests, which starve beside many others
	@$(MAKE) lab TESTS=
	@$(MAKE) tempest TESTS=
	@for seed in 1 2 3; do $(MAKE) schedule SEED=$$seed || exit 1; done

check: ## Style, types, floors of the house, Django's own checks; seconds
	@$(ROOT) deploy/install dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m tests.words
	$(BIN)/djlint --lint templates
	MERIDIAN_URL=https://localhost $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: ## Measure, as ratios to a peer in the same run
	@$(ROOT) deploy/install dev
	@$(ROOT) deploy/daemons
	@$(ROOT) $(BIN)/python -m tests.bench

lab: ## Try two pretend hosts with one portal, each in namespaces of its own
	@$(ROOT) deploy/install dev
	@$(ROOT) $(BIN)/python -m pytest $(or $(TESTS),tests/lab)

tempest: ## Run OpenStack's own tests against it, over HTTP
	@$(ROOT) deploy/install dev
	@$(ROOT) deploy/daemons
	@$(ROOT) $(BIN)/python -m tests.tempest $(TESTS)

schedule: ## Let chance break what people use, by SEED, for MINUTES
	@$(ROOT) deploy/install dev
	@$(ROOT) deploy/daemons
	@$(ROOT) $(BIN)/python -m tests.schedule --seed $(or $(SEED),1) --minutes $(or $(MINUTES),15)

lock: ## Write the lock files anew from pyproject.toml and package.json
	deploy/lock

.PHONY: help up test proof check bench lab tempest schedule lock
