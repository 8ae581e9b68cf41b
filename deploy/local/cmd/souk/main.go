// Command souk runs the whole shop on this machine: souk run, souk reset, souk seed, souk staff.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: souk run [ORDERS=3 CATALOG=2 …] [OBSERVE=1]
                   run the shop until Ctrl-C, with so many instances of services, one each unless told; with OBSERVE=1 beside
                   Prometheus and Jaeger
       souk reset  forget its data
       souk seed   fill the shop at SOUK_URL with the demo catalog, as SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD
       souk staff add|promote EMAIL
                   open an account of staff in the running shop, or make a customer's one; prints its new password`

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "souk:", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "run" {
		return run(ctx, args[1:])
	}
	if len(args) == 3 && args[0] == "staff" {
		return staff(ctx, args[1:])
	}
	if len(args) != 1 {
		return fmt.Errorf("%s", usage)
	}
	switch args[0] {
	case "reset":
		return reset()
	case "seed":
		return seed(ctx)
	default:
		return fmt.Errorf("%s", usage)
	}
}
