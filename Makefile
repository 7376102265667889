# Two commands set up all they need: `make demo` and `make test`. `make help` lists the rest.

BIN := .venv/bin
READY := .venv/ready
PAGE := src/tratteggio/studio/built/index.html

.DEFAULT_GOAL := help
.PHONY: help demo gallery docs frontend test check types style bench fuzz format constraints clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## paint a panel, damage it, propose a fill: layers and a report in out/demo
	$(BIN)/tratteggio demo -o out/demo --overwrite
	@echo "To go on: $(BIN)/tratteggio inspect out/demo/panel.tif"

gallery: $(READY) ## the lecture, step by step: each example run, its page in out/gallery/index.html
	$(BIN)/python gallery/example.py

docs: $(READY) ## the documentation site: open out/site/index.html
	$(BIN)/python docs/generate.py build/docs
	$(BIN)/zensical build --strict

frontend: $(PAGE) ## the page of the studio, built with npm into the package

test: check ## everything that CI runs: style, types, imports, documentation, tests, doctests
	$(BIN)/python -m pytest -n 2

check: $(PAGE) ## style, types, import contracts, links of the documentation
	@$(MAKE) --no-print-directory -j 2 types docs style

types: $(READY)
	$(BIN)/mypy

style: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	@if [ -d frontend/node_modules ]; then cd frontend && npm run --silent check; fi

bench: $(READY) ## the measurements behind the performance page, one after the other
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

# Options: COUNT=1700 inputs in all, FIRST=400 number of the first of each format, ONE='tiff 17' to see one again.
fuzz: $(READY) ## 20,000 mutated inputs of all formats and sidecars, through the command line
	PYTHONPATH=tests $(BIN)/python -m fuzz --count $(or $(COUNT),20000) --first $(or $(FIRST),0) $(if $(ONE),--one '$(ONE)')

format: $(READY) ## put the code into the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Exact versions for every platform and Python, without naming a host. Where pip finds a CPU build of torch,
# uv writes a second line for it (`torch==X+cpu`): one line `torch==X` admits both, so the two become one.
constraints: $(READY) ## write requirements/constraints.txt anew from pyproject.toml
	python3 -m venv build/uv
	build/uv/bin/python -m pip install --quiet uv
	UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" build/uv/bin/uv pip compile pyproject.toml \
	    --all-extras --universal --upgrade --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --quiet --output-file build/constraints.txt
	sed -E 's/^(torch==[^+ ;]+).*/\1/' build/constraints.txt | uniq > requirements/constraints.txt

clean: ## remove what was built; `make demo` and `make test` set it up again
	rm -rf frontend/node_modules src/tratteggio/studio/built .venv out build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Without npm all but the studio works, and its tests in a browser are skipped.
$(PAGE): frontend/package-lock.json frontend/build.mjs $(wildcard frontend/src/*.* frontend/src/*/*.*) | $(READY)
	@$(BIN)/python frontend/build_page.py || \
	    echo "The page of the studio is not built, so its tests in a browser are skipped." >&2

# Installed again only when the requirements change; a set-up that was cut short starts anew.
$(READY): pyproject.toml requirements/constraints.txt
	@echo "Setting up .venv for tratteggio (about a minute, 2 GB)"
	@python=; for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "tratteggio needs Python 3.11 or later; python3 here is: $$(python3 --version 2>&1)." \
	         "Install it from python.org or your package manager and run make again." >&2; exit 1; \
	fi; \
	[ -x $(BIN)/pip ] || $$python -m venv --clear .venv
	$(BIN)/python -m pip install --disable-pip-version-check -qq -c requirements/constraints.txt -e '.[dev]'
	@touch $@
