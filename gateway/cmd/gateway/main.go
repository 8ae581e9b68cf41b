// Command gateway serves Souk's REST API.
package main

import (
	"souk/gateway/internal/app"
	"souk/platform/service"
)

func main() { service.Main("gateway", app.Run) }
