// Command carts serves Souk's carts service.
package main

import (
	"souk/platform/service"

	"souk/services/carts/internal/app"
)

func main() { service.Main("carts", app.Run) }
