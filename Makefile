# Nightwire's commands. `make run` and `make test` are the two to know.

MODULES := schemas shared functions connector infra
BIN     := bin
ALERTS  ?=
MODELS  ?=
N       ?= 5000
ARGS    ?=

SHELL          := /bin/bash -o pipefail
LINTER         ?= $(or $(shell go env GOBIN),$(shell go env GOPATH)/bin)/golangci-lint
LINTER_VERSION := v2.15.0
FUZZTIME       ?= 30s

.PHONY: help build run up models test lint check tools fuzz bench stage terraform sql clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the three programs into bin/
	go build -o $(BIN)/nightwire ./infra/nightwire
	go build -o $(BIN)/nightwire-connector ./connector
	go build -o $(BIN)/nightwire-functions ./functions/cmd/serve

run: build ## pass a night through the whole system: ALERTS=folder, file or tarball, or N= synthetic alerts; MODELS=folder
	$(BIN)/nightwire run $(if $(ALERTS),"$(ALERTS)",--synthetic $(N)) $(if $(MODELS),--models "$(MODELS)") $(ARGS)

up: build ## keep the stack running until Ctrl-C
	$(BIN)/nightwire up $(if $(MODELS),--models "$(MODELS)") $(ARGS)

models: build ## fetch published SALT models and bandpasses into models/
	$(BIN)/nightwire models fetch $(ARGS)

test: ## all tests, with the race detector where goroutines live
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && go test -race -timeout 40m ./...); done

lint: ## formatting, vet, and the walls between the parts
	@test -z "$$(gofmt -l $(MODULES))" || { echo "gofmt wants changes in:"; gofmt -l $(MODULES); exit 1; }
	@command -v $(LINTER) >/dev/null || { echo "golangci-lint is not installed: make tools installs it"; exit 1; }
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && go vet ./... && $(LINTER) run --config ../.golangci.yml ./...); done

check: lint test ## what CI runs

stage: ## the folder that every function is deployed from, and its archive: build/functions, build/functions.zip
	go run ./infra/stage . build/functions

terraform: ## check the deployment's plan; builds Google's provider once, which takes 5 minutes
	infra/terraform/provider.sh
	cd infra && go test -count=1 ./terraform/...

sql: ## every query and view, by Google's own analyser of GoogleSQL; minutes to build
	cd infra/queries/analyser && GOWORK=off go test .

tools: ## install the linter
	go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for m in $(MODULES); do (cd $$m; for p in $$(go list ./...); do \
	  targets=$$(go test -list '^Fuzz' $$p); \
	  for f in $$(grep '^Fuzz' <<<"$$targets"); do \
	    echo "== $$p $$f"; go test -run xxx -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p; done; done); done

bench: ## all benchmarks
	@set -e; for m in $(MODULES); do (cd $$m && go test -run xxx -bench . -benchmem ./...); done

clean: ## forget what was built and the local state
	rm -rf $(BIN) build .nightwire
