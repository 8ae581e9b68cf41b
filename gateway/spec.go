// Package gateway holds the REST contract.
package gateway

import _ "embed"

// Spec is openapi.yaml.
//
//go:embed openapi.yaml
var Spec []byte
