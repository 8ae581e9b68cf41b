// Command inventory serves Souk's inventory service.
package main

import (
	"souk/platform/service"

	"souk/services/inventory/internal/app"
)

func main() { service.Main("inventory", app.Run) }
