// Command payments serves Souk's payments service.
package main

import (
	"souk/platform/service"

	"souk/services/payments/internal/app"
)

func main() { service.Main("payments", app.Run) }
