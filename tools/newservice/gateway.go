package main

const importAfter, importLine = "\tshippingv1 \"souk/proto/gen/souk/shipping/v1\"\n", "\tgadgetsv1 \"souk/proto/gen/souk/gadgets/v1\"\n"

// inGateway are the route and the client that it calls.
var inGateway = []change{
	{file: "gateway/internal/app/app.go", after: importAfter, text: importLine},
	{file: "gateway/internal/app/app.go", after: `"payments", "shipping"`, text: `, "gadgets"`},
	{
		file:  "gateway/internal/app/app.go",
		after: "shippingv1.NewShippingServiceClient(conns[\"shipping\"]),\n",
		text:  "\t\tGadgets: gadgetsv1.NewGadgetsServiceClient(conns[\"gadgets\"]),\n",
	},
	{file: "gateway/internal/handler/handler.go", after: importAfter, text: importLine},
	{
		file:  "gateway/internal/handler/handler.go",
		after: " shippingv1.ShippingServiceClient\n",
		text:  "\tGadgets gadgetsv1.GadgetsServiceClient\n",
	},
	{file: "gateway/internal/reason/reason.go", after: importAfter, text: importLine},
	{
		file:   "gateway/internal/reason/reason.go",
		before: "\tordersv1.ErrorReason_ERROR_REASON_UNAVAILABLE:",
		text:   "\tgadgetsv1.ErrorReason_ERROR_REASON_GADGET_NOT_FOUND: {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},\n\n",
	},
	{file: "gateway/openapi.yaml", before: "  - name: staff\n    description:", text: "  - name: gadgets\n    description: Gadgets of customers\n"},
	{file: "gateway/openapi.yaml", before: "  /healthz:\n", text: routes},
	{file: "gateway/openapi.yaml", before: "    Health:\n      description:", text: schemas},
	{
		file:   "docs/idempotency.md",
		before: "| `POST /v1/webhooks/payments/{provider}`",
		text:   "| `POST /v1/gadgets` | honored | the gadget would be made twice |\n",
	},
}

const routes = `  /v1/gadgets:
    post:
      operationId: createGadget
      x-souk-policy: { timeout: 10s, cost: usual, class: browsing, answer: new }
      tags: [gadgets]
      summary: Make a gadget
      description: It belongs to the customer who makes it.
      security: [{ bearer: [] }]
      parameters:
        - { $ref: "#/components/parameters/OptionalIdempotencyKey" }
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: "#/components/schemas/GadgetInput" }
      responses:
        "201":
          description: The new gadget
          headers:
            X-Request-Id: { $ref: "#/components/headers/X-Request-Id" }
            RateLimit: { $ref: "#/components/headers/RateLimit" }
            RateLimit-Policy: { $ref: "#/components/headers/RateLimit-Policy" }
            Idempotent-Replay: { $ref: "#/components/headers/Idempotent-Replay" }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Gadget" }
        "400": { $ref: "#/components/responses/InvalidRequest" }
        "401": { $ref: "#/components/responses/Unauthenticated" }
        "403": { $ref: "#/components/responses/Forbidden" }
        "409": { $ref: "#/components/responses/IdempotencyInProgress" }
        "413": { $ref: "#/components/responses/PayloadTooLarge" }
        "415": { $ref: "#/components/responses/UnsupportedMediaType" }
        "422": { $ref: "#/components/responses/ValidationFailedOrKeyReused" }
        "429": { $ref: "#/components/responses/RateLimited" }
        "500": { $ref: "#/components/responses/Internal" }
        "503": { $ref: "#/components/responses/Unavailable" }

  /v1/gadgets/{id}:
    parameters: [{ $ref: "#/components/parameters/Id" }]
    get:
      operationId: getGadget
      x-souk-policy: { timeout: 10s, cost: usual, class: browsing, answer: new }
      tags: [gadgets]
      summary: A gadget
      description: It is found by the customer who made it, and by nobody else.
      security: [{ bearer: [] }]
      responses:
        "200":
          description: The gadget
          headers:
            X-Request-Id: { $ref: "#/components/headers/X-Request-Id" }
            RateLimit: { $ref: "#/components/headers/RateLimit" }
            RateLimit-Policy: { $ref: "#/components/headers/RateLimit-Policy" }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Gadget" }
        "400": { $ref: "#/components/responses/InvalidRequest" }
        "401": { $ref: "#/components/responses/Unauthenticated" }
        "404": { $ref: "#/components/responses/NotFound" }
        "429": { $ref: "#/components/responses/RateLimited" }
        "500": { $ref: "#/components/responses/Internal" }
        "503": { $ref: "#/components/responses/Unavailable" }

`

const schemas = `    GadgetInput:
      description: A gadget to be made
      type: object
      additionalProperties: false
      required: [title]
      properties:
        title: { type: string, minLength: 1, maxLength: 200, description: What the customer calls it }
      examples:
        - title: For the kitchen

    Gadget:
      description: A gadget of a customer
      type: object
      required: [id, title, created_at]
      properties:
        id: { type: string, description: Opaque }
        title: { type: string, description: What the customer calls it }
        created_at: { type: string, format: date-time, description: When it was made }
      examples:
        - id: 01992f3a-51c0-7a8e-b0e4-6f1f0c9b2d11
          title: For the kitchen
          created_at: 2026-09-01T10:00:00Z

`
