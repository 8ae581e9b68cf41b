// Command shipping serves Souk's shipping service.
package main

import (
	"souk/platform/service"

	"souk/services/shipping/internal/app"
)

func main() { service.Main("shipping", app.Run) }
