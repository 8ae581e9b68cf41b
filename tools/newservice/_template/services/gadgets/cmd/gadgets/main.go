// Command gadgets serves Souk's gadgets service.
package main

import (
	"souk/platform/service"

	"souk/services/gadgets/internal/app"
)

func main() { service.Main("gadgets", app.Run) }
