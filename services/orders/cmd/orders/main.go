// Command orders serves Souk's orders service.
package main

import (
	"souk/platform/service"

	"souk/services/orders/internal/app"
)

func main() { service.Main("orders", app.Run) }
