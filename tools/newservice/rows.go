package main

// inTests are the rows of tests and documents that have one for each service, operation or RPC.
var inTests = []change{
	{
		file:  "gateway/internal/edge/identity_test.go",
		after: "\t\"PUT /v1/me/addresses/{id}\": \"customer\", \"DELETE /v1/me/addresses/{id}\": \"customer\",\n",
		text:  "\t\"POST /v1/gadgets\": \"customer\", \"GET /v1/gadgets/{id}\": \"customer\",\n",
	},
	{file: "gateway/internal/handler/setup_test.go", after: importAfter, text: importLine},
	{
		file:  "gateway/internal/handler/setup_test.go",
		after: "Shipping: shippingv1.NewShippingServiceClient(conn),\n",
		text:  "\t\tGadgets: gadgetsv1.NewGadgetsServiceClient(conn),\n",
	},
	{
		file:  "gateway/internal/handler/setup_test.go",
		after: "\tshippingv1.RegisterShippingServiceServer(server, shippingv1.UnimplementedShippingServiceServer{})\n",
		text:  "\tgadgetsv1.RegisterGadgetsServiceServer(server, gadgetsv1.UnimplementedGadgetsServiceServer{})\n",
	},
	{
		file:   "gateway/internal/handler/every_test.go",
		before: "\t{\"POST\", \"/v1/webhooks/payments/stripe\"",
		text:   "\t{\"POST\", \"/v1/gadgets\", `{\"title\": \"T\"}`},\n\t{\"GET\", \"/v1/gadgets/g1\", nil},\n",
	},
	{file: "gateway/internal/handler/every_test.go", after: `"KeysService"`, text: `, "GadgetsService"`},
	{
		file:  "e2e/access/operations_test.go",
		after: " = identifier{\"address\", address, owned}\n",
		text:  "\townGadget = identifier{\"gadget\", gadget, owned}\n",
	},
	{file: "e2e/access/operations_test.go", before: "\t// Payments.\n", text: `	// Gadgets.
	"createGadget": {rpc: "GadgetsService/CreateGadget", body: json0(` + "`" + `{"title": "Thing"}` + "`" + `)},
	"getGadget": {rpc: "GadgetsService/GetGadget", ids: ids{"id": ownGadget}},

`},
	{
		file:  "e2e/access/owned_test.go",
		after: "\tordersv1 \"souk/proto/gen/souk/orders/v1\"\n",
		text:  importLine,
	},
	{
		file:  "e2e/access/owned_test.go",
		after: "var ownedRPCs = map[string]ownedRPC{\n",
		text: `	"/souk.gadgets.v1.GadgetsService/GetGadget": {
		&gadgetsv1.GetGadgetRequest{}, map[string]ownedField{"id": {"gadget", gadget}},
	},
`,
	},
	{
		file:  "docs/resilience.md",
		after: "| shipping | wrong | works | works | works | works | works | error | error | no parcels | works | works | later |\n",
		text: `| gadgets | slow | works | works | works | works | works | works | works | works | works | works | works |
| gadgets | down | works | works | works | works | works | works | works | works | works | works | works |
| gadgets | wrong | works | works | works | works | works | works | works | works | works | works | works |
`,
	},
}
