// Package local holds the demo catalog of a shop that runs without Docker.
package local

import _ "embed"

// Catalog is the demo catalog, a CSV in Shopify's product format.
//
//go:embed catalog.csv
var Catalog []byte
