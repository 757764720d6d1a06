# The commands of Yhteiso. Needs git, make and Python 3.12 or newer; everything else is installed into .venv and .local.
# `make` alone shows them. PORT=8001 chooses the web server's port, ARGS="…" goes to the command.

.DEFAULT_GOAL := help
.PHONY: help run test test-deep mutate drill check manage shell seed css reset
export ARGS PORT

# exec: a Ctrl-C or a kill reaches the manager itself, without a shell in between.
yhteiso = @python=$$(sh yhteiso/local/find_python.sh) && exec "$$python" -I yhteiso/local/bootstrap.py

help: ## show these lines
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: ## start the application with its demonstration on http://127.0.0.1:8000/ (PORT=8001 for another port)
	$(yhteiso) run

test: ## run all tests, or those of ARGS="tests/cases -x"
	$(yhteiso) test

test-deep: ## run the long tests
	$(yhteiso) test-deep

mutate: ## change one thing at a time in ARGS="cases/access.py 60" (at most 60 mutants) and see whether the tests notice
	$(yhteiso) mutate

drill: ## kill processes while deadlines come due, and see whether anybody is forgotten (ARGS="--kills 200 --seed 1")
	$(yhteiso) drill

check: ## lint, types, import contracts, migrations, deployment settings
	$(yhteiso) check

manage: ## run manage.py as the database's owner: make manage ARGS="showmigrations"
	$(yhteiso) manage

shell: ## Python with the models at hand
	$(yhteiso) shell

seed: ## load the demonstration data (or what is missing of it)
	$(yhteiso) seed

css: ## compile the stylesheet from static/src (needs npm)
	@command -v npm >/dev/null || { echo "make css needs npm (only whoever changes a style does)."; exit 1; }
	@cd static/src && { npm ci --no-audit --no-fund 2>/dev/null || npm install --no-audit --no-fund; } && npm run css

reset: ## remove the database of `make run` and everything in it
	$(yhteiso) reset
