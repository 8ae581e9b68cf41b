package main

import "slices"

// changes are what every new service needs in files that others need as well.
var changes = slices.Concat(listed, inCompose, inKubernetes, inGateway, inTests)

// listed are the lists of services: see e2e/structure/services_test.go.
var listed = []change{
	{file: "deploy/setup/roster/roster.go", after: "\t{\"shipping\", PostgreSQL},\n", text: "\t{\"gadgets\", PostgreSQL},\n"},
	{file: "go.work", after: "\t./services/shipping\n", text: "\t./services/gadgets\n"},
	{file: "deploy/releases.json", before: "  \"shipping\": [", text: "  \"gadgets\": [],\n"},
	{file: "proto/contracts.go", after: "\t_ \"souk/proto/gen/souk/shipping/v1\"\n", text: "\t_ \"souk/proto/gen/souk/gadgets/v1\"\n"},
	{file: "proto/souk/access/v1/access.proto", after: `"inventory", "payments", "shipping"`, text: `, "gadgets"`},
	{file: ".golangci.yaml", after: "inventory,payments,shipping", text: ",gadgets"},
	{file: ".golangci.yaml", before: "        tests-only:\n", text: `        gadgets:
          list-mode: lax
          files: ["${config-path}/services/gadgets/**.go"]
          allow: [souk/services/gadgets]
          deny: [{ pkg: souk/services, desc: a service calls another over gRPC }]
`},
	{file: "README.md", after: "catalog & customers & carts & orders & inventory & payments & shipping", text: " & gadgets"},
	{file: "README.md", after: "    shipping --- db7[(PostgreSQL)]\n", text: "    gadgets --- dbgadgets[(PostgreSQL)]\n"},
}

// inCompose are the containers of the service and of its database.
var inCompose = []change{
	{file: "docker-compose.yml", before: "  # Fills a new shop with the demo catalog", text: `  gadgets:
    <<: *service
    build: {<<: *build, args: {<<: *images, MODULE: services/gadgets}}
    environment:
      <<: *environment
      SOUK_GADGETS_ADDR: 0.0.0.0:9000
      SOUK_GADGETS_ADMIN_ADDR: ${SOUK_ADMIN_HOST:-127.0.0.1}:9100
      SOUK_GADGETS_CONCURRENCY: ${SOUK_GADGETS_CONCURRENCY:-}
      SOUK_GADGETS_DATABASE_URL_FILE: /run/secrets/database-url
      SOUK_GADGETS_DATABASE_INSTANCES: ${SOUK_GADGETS_DATABASE_INSTANCES:-2} # how many containers of it may run at once
    volumes: ["gadgets-secrets:/run/secrets:ro", "gadgets-kept:/kept"]
    networks: [inside, gadgets-private]
    healthcheck: {<<: *healthcheck, test: [CMD, /healthcheck, grpc, "127.0.0.1:9000"]}
    depends_on:
      gadgets-db: {condition: service_healthy}
      database-setup: {condition: service_completed_successfully}
      consul-setup: {condition: service_completed_successfully}

`},
	{file: "docker-compose.yml", before: "  customers-db:\n    <<: *mongo\n", text: `  gadgets-db:
    <<: *postgres
    environment: {<<: *postgres-environment, POSTGRES_DB: gadgets}
    volumes: ["gadgets-data:/var/lib/postgresql/data", "gadgets-db-secrets:/run/secrets:ro"]
    networks: [gadgets-private]
    healthcheck: {<<: *healthcheck, test: [CMD, pg_isready, -h, 127.0.0.1, -U, postgres, -d, gadgets]}

`},
	{
		file:  "docker-compose.yml",
		after: "      payments: {condition: service_healthy}\n      shipping: {condition: service_healthy}\n",
		text:  "      gadgets: {condition: service_healthy}\n",
	},
	{
		file:  "docker-compose.yml",
		after: "      payments-db: {condition: service_healthy}\n      shipping-db: {condition: service_healthy}\n",
		text:  "      gadgets-db: {condition: service_healthy}\n",
	},
	{file: "docker-compose.yml", after: "      - shipping-secrets:/volumes/shipping\n", text: "      - gadgets-secrets:/volumes/gadgets\n"},
	{file: "docker-compose.yml", after: "      - shipping-db-secrets:/volumes/shipping-db\n", text: "      - gadgets-db-secrets:/volumes/gadgets-db\n"},
	{
		file:  "docs/audit-log.md",
		after: "| `CartsService/EraseCustomer` | none: customers records the deletion of the account |\n",
		text:  "| `GadgetsService/CreateGadget` | none: only the caller's own data |\n",
	},
	{file: "deploy/observability/prometheus.yml", after: "inventory, payments, shipping", text: ", gadgets"},
	{file: "docker-compose.yml", after: "payments-private, shipping-private", text: ", gadgets-private"},
	{file: "docker-compose.yml", after: "  shipping-private: {internal: true}\n", text: "  gadgets-private: {internal: true}\n"},
	{file: "docker-compose.yml", after: "  shipping-data:\n", text: "  gadgets-data:\n"},
	{file: "docker-compose.yml", after: "  shipping-secrets:\n  shipping-kept:\n", text: "  gadgets-secrets:\n  gadgets-kept:\n"},
	{file: "docker-compose.yml", after: "  shipping-db-secrets:\n", text: "  gadgets-db-secrets:\n"},
}
