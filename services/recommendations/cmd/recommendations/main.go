// Command recommendations serves Souk's recommendations service. With the argument rebuild it has the running service forget everything
// instead, and read the sales of orders again.
package main

import (
	"os"

	"souk/platform/service"

	"souk/services/recommendations/internal/app"
)

func main() {
	run := app.Run
	if len(os.Args) == 2 && os.Args[1] == "rebuild" {
		run = app.Rebuild
	}
	service.Main("recommendations", run)
}
