// Command catalog serves Souk's catalog service.
package main

import (
	"souk/platform/service"

	"souk/services/catalog/internal/app"
)

func main() { service.Main("catalog", app.Run) }
