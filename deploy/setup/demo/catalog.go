package demo

import _ "embed"

// Catalog is the demo catalog, a CSV in Shopify's product format.
//
//go:embed catalog.csv
var Catalog []byte
