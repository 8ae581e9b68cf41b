# Souk: make run runs the shop, make test runs every test.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
BIN := $(CURDIR)/.souk/bin
MODULES := proto platform testkit $(wildcard services/*) gateway deploy/local deploy/audit deploy/setup deploy/kubernetes deploy/observability e2e tools/newservice tools/release tools/testreport
# With the race detector: everything but the end-to-end tests, whose processes are built without it. The simulation runs
# with it for some seeds and without it for all; what a request costs is measured without it.
RACED := proto platform testkit $(wildcard services/*) gateway deploy/local deploy/audit deploy/setup deploy/kubernetes deploy/observability tools/newservice tools/release tools/testreport
export PATH := $(BIN):$(PATH)
BUILD_SOUK := GOWORK=off CGO_ENABLED=0 go build -C deploy/local -trimpath -o $(BIN)/souk ./cmd/souk
BUILD_RELEASE := GOWORK=off CGO_ENABLED=0 go build -C tools/release -trimpath -o $(BIN)/release .

# The environment of the audit, which calls the services as the one named: make run's shop, unless it is set.
SECRET = $$(sed -n 's/.*"$(1)": "\(.*\)".*/\1/p' "$${SOUK_STATE_DIR:-.souk/run}/secrets.json")
define AUDITED
export SOUK_URL="$${SOUK_URL:-http://$${SOUK_GATEWAY_ADDR:-127.0.0.1:8080}}"; \
	export SOUK_CONSUL_ADDR="$${SOUK_CONSUL_ADDR:-127.0.0.1:$${SOUK_CONSUL_PORT:-8500}}"; \
	if [ -z "$${SOUK_STAFF_PASSWORD:-}$${SOUK_CLIENT_ID:-}" ]; then export SOUK_CLIENT_ID='$(1)' SOUK_CLIENT_SECRET="$(call SECRET,$(1)-client)"; fi; \
	export SOUK_CONSUL_GRPC_ADDR="$${SOUK_CONSUL_GRPC_ADDR:-127.0.0.1:$${SOUK_CONSUL_GRPC_PORT:-8502}}"; \
	export SOUK_CONSUL_TOKEN="$${SOUK_CONSUL_TOKEN:-$(call SECRET,$(1))}"
endef

.PHONY: help run reset backup restore audit mend access test fuzz chaos soak bench bench-check bench-traced bench-against bench-growth bench-chart profile lint gen service replay roundtrip recommend-eval rebuild-recommendations import seed build release tags image sbom canary skew tidy clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## run the whole shop on this machine, without Docker; with more instances of services, or Prometheus and Jaeger: make run ORDERS=3 OBSERVE=1
	@test -x $(BIN)/souk || echo "The first start compiles everything: about 5 minutes on 2 idle cores, up to 13 on busy ones. A later one takes seconds."
	@$(BUILD_SOUK)
	@exec $(BIN)/souk run $(MAKEOVERRIDES)

reset: ## forget the data of make run
	@$(BUILD_SOUK)
	@$(BIN)/souk reset

backup: ## copy the data of the shop that make run runs: make backup [TO=FOLDER] (docs/backup.md)
	@$(BUILD_SOUK)
	@$(BIN)/souk backup '$(if $(TO),$(abspath $(TO)))'

restore: ## make a backup the shop of make run, which must have no data: make restore FROM=FOLDER
	@$(BUILD_SOUK)
	@$(BIN)/souk restore '$(if $(FROM),$(abspath $(FROM)))'

test: ## run every test, on real PostgreSQL, FerretDB and Consul
	@scripts/test $(RACED) -- services/orders/internal/simulation gateway/internal/edge:Hostile e2e

fuzz: ## run every fuzz target for a minute: make fuzz [FUZZTIME=10m] [SOUK_FUZZ=REGEXP of packages and targets]
	@FUZZTIME='$(FUZZTIME)' scripts/fuzz $(MODULES)

chaos: ## the long forms of the tests under kills, pauses, outages and load, about two hours: SOUK_SEED=7 for another schedule
	@tools/build ferretdb consul prometheus jaeger
	@cd services/inventory && SOUK_ROUNDS=200 go test -count=1 -v -timeout 1h ./internal/postgres -run 'Last|Opposite|RandomBask|OneSKU'
	@cd services/inventory && SOUK_LEDGER_ROWS=10000000 go test -count=1 -v -timeout 1h ./internal/postgres -run LedgerIsMigrated
	@cd services/orders && SOUK_SEEDS=100000 go test -count=1 -v -timeout 1h ./internal/simulation -run Promises
	@cd e2e && SOUK_CHAOS=full go test -count=1 -v -timeout 3h -p 1 ./chaos ./fleet ./resilience ./overload ./observe

soak: ## shoppers for ten minutes, or SOUK_SOAK: goroutines and memory of each process stay what they were, and no alert fires
	@tools/build ferretdb consul prometheus jaeger
	@cd e2e && SOUK_SOAK="$${SOUK_SOAK:-10m}" go test -count=1 -v -timeout 3h -p 1 -parallel 4 ./fleet ./observe -run Soak

bench: ## how fast the shop is and what it costs, beside floors and bars, in under 10 minutes; BENCH=short in a minute
	@GOWORK=off go run -C e2e ./cmd/bench

bench-check: ## make bench BENCH=short, which fails when the shop has become much dearer than e2e/bench/recorded.json says
	@BENCH=short GOWORK=off go run -C e2e ./cmd/bench check

bench-traced: ## what traces cost: a shop that sends traces beside one that does not, in three minutes
	@GOWORK=off go run -C e2e ./cmd/bench traced

bench-against: ## what a request costs compared with another version, in eight minutes: make bench-against COMMIT=322353a
	@test -n '$(COMMIT)' || { echo 'Say which commit, for example: make bench-against COMMIT=HEAD~1' >&2; exit 2; }
	@GOWORK=off go run -C e2e ./cmd/bench against '$(COMMIT)'

bench-growth: ## what a request costs in a shop that has grown, as a ratio to one that has not, in 25 minutes; GROWTH=small in six, GROWTH=products for the catalog alone, TITLES=FOLDER with real titles
	@GROWTH='$(GROWTH)' TITLES='$(TITLES)' GOWORK=off go run -C e2e ./cmd/bench growth

bench-chart: ## draw the pictures of docs/performance.md: latency against load, and cost against size
	@GOWORK=off go run -C e2e ./cmd/bench chart

profile: ## processor and allocation profiles of every Go process, into .souk/profile: make profile SCENARIO=detail
	@SCENARIO='$(SCENARIO)' GOWORK=off go run -C e2e ./cmd/bench profile

mend: ## list what the moments between the dumps of a restored backup tore apart, and mend it: make mend [MEND=-apply] (docs/backup.md)
	@GOWORK=off go build -C deploy/audit -o $(BIN)/audit ./cmd/audit
	@$(call AUDITED,mend); exec $(BIN)/audit mend $(MEND)

audit: ## check the books of a running shop: make run's, or SOUK_URL, SOUK_CONSUL_ADDR, SOUK_CLIENT_ID, SOUK_CLIENT_SECRET; AUDIT=-provider
	@GOWORK=off go build -C deploy/audit -o $(BIN)/audit ./cmd/audit
	@$(call AUDITED,audit); exec $(BIN)/audit $(AUDIT)

access: ## who may do what: every RPC and every route; fails when one does not say
	@GOWORK=off go run -C e2e ./cmd/access

lint: ## golangci-lint on every module, each built without the workspace, buf lint, openapi.yaml with Spectral and Redocly, Kubernetes with kubeconform, generated code up to date
	@scripts/lint $(MODULES)

gen: ## generate code from proto/ and gateway/openapi.yaml, docs/errors.md, Prometheus' rules, Grafana's dashboards, and network policies
	@tools/build buf protoc-gen-go protoc-gen-go-grpc oapi-codegen
	@cd proto && rm -rf gen && buf generate
	@cd gateway && oapi-codegen -config oapi-codegen.yaml openapi.yaml
	@GOWORK=off go run -C gateway ./internal/reason/page ..
	@GOWORK=off go run -C deploy/observability ./cmd/generate .
	@GOWORK=off go run -C deploy/kubernetes ./cmd/generate .

service: ## write a new service, from its contract to its route: make service NAME=wishlists (docs/adding-a-service.md)
	@GOWORK=off go run -C tools/newservice . '$(NAME)'
	@$(MAKE) --no-print-directory gen

replay: ## replay invoices of UCI's Online Retail, as CSV: make replay DAY=FILE or a FOLDER [CHAOS=SEED] [URL=http://… with SOUK_STAFF_EMAIL, SOUK_STAFF_PASSWORD]
	@test -n '$(DAY)' || { echo 'Say what to replay, for example: make replay DAY=2010-12-01.csv' >&2; exit 2; }
	@DAY='$(abspath $(DAY))' SOUK_URL='$(URL)' CHAOS='$(CHAOS)' go run -C e2e ./cmd/replay

roundtrip: ## import a product file, export it, import that, and say what was lost: make roundtrip FILE=FILE or a FOLDER
	@test -n '$(FILE)' || { echo 'Say which file, for example: make roundtrip FILE=products.csv' >&2; exit 2; }
	@SOUK_PRODUCT_FILE='$(abspath $(FILE))' go test -C services/catalog ./internal/catalog -count=1 -run '^TestAFileComesBackAsItWas$$' -v

recommend-eval: ## measure the recommendations on invoices of UCI's Online Retail: make recommend-eval DATA=FOLDER
	@test -n '$(DATA)' || { echo 'Say where the invoices are: make recommend-eval DATA=FOLDER, with a CSV file for each day' >&2; exit 2; }
	@GOWORK=off go run -C services/recommendations ./cmd/evaluate '$(abspath $(DATA))'

rebuild-recommendations: ## have recommendations of the shop that make run runs forget everything and read the sales again
	@$(BUILD_SOUK)
	@$(BIN)/souk rebuild

import: ## send a product file of any size to a running shop: make import FILE=FILE [URL=http://…] (docs/product-files.md)
	@test -n '$(FILE)' || { echo 'Say which file, for example: make import FILE=products.csv' >&2; exit 2; }
	@$(BUILD_SOUK)
	@export SOUK_URL='$(or $(URL),$(SOUK_URL),http://$(or $(SOUK_GATEWAY_ADDR),127.0.0.1:8080))'; \
	  test -n "$${SOUK_TOKEN:-}$${SOUK_TOKEN_FILE:-}$${SOUK_STAFF_PASSWORD:-}$${SOUK_STAFF_PASSWORD_FILE:-}" || export SOUK_STAFF_PASSWORD="$(call SECRET,staff)"; \
	  exec $(BIN)/souk import '$(abspath $(FILE))'

seed: ## fill a running shop with the demo catalog: SOUK_URL, SOUK_CLIENT_SECRET, SOUK_DEMO_PASSWORD
	@go run -C deploy/local ./cmd/souk seed

build: ## compile every service and the gateway into .souk/bin
	@$(BUILD_SOUK)
	@$(BIN)/souk build

release: ## what a release of one service would be: make release SERVICE=orders; release it: VERSION=1.1.0 (docs/releasing.md)
	@test -n '$(SERVICE)' || { echo 'Say what to release, for example: make release SERVICE=orders' >&2; exit 2; }
	@tools/build buf oasdiff
	@$(BUILD_RELEASE)
	@$(BIN)/release plan '$(SERVICE)' '$(VERSION)'

tags: ## tag the commit of each release in deploy/releases.json, where there is no tag yet
	@$(BUILD_RELEASE)
	@$(BIN)/release tags

image: ## the image of a release, with Docker: make image SERVICE=orders VERSION=1.0.0
	@$(BUILD_RELEASE)
	@deploy/image '$(SERVICE)' '$(VERSION)'

sbom: ## what is in each binary, as SPDX in .souk/sbom: make sbom [SERVICE=orders] (docs/releasing.md)
	@$(BUILD_SOUK)
	@$(BIN)/souk build
	@$(BUILD_RELEASE)
	@scripts/sbom $(or $(SERVICE),$(notdir $(wildcard services/*)) gateway)

canary: ## roll a service out in Kubernetes with a judge, and back if it is worse: make canary SERVICE=orders IMAGE=souk-orders:1.2.3 [DURATION=5m]
	@test -n '$(SERVICE)' -a -n '$(IMAGE)' || { echo 'Say what to roll out, for example: make canary SERVICE=orders IMAGE=souk-orders:1.2.3' >&2; exit 2; }
	@GOWORK=off go build -C deploy/kubernetes -o $(BIN)/canary ./cmd/canary
	@exec $(BIN)/canary -service '$(SERVICE)' -image '$(IMAGE)' $(if $(DURATION),-duration '$(DURATION)') \
		$(if $(PROMETHEUS),-prometheus '$(PROMETHEUS)') $(CANARY)

skew: ## each service's last release beside today's others, and today's beside the others' last release, in four minutes
	@tools/build ferretdb consul
	@cd e2e && SOUK_SKEW=full go test -count=1 -v -timeout 1h -parallel 2 ./skew

tidy: ## go mod tidy in every module
	@for m in $(MODULES); do GOWORK=off go mod tidy -C $$m; done

clean: reset ## forget the data and the built binaries
	@rm -rf .souk
