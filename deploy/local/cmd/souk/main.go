// Command souk runs the whole shop on this machine: souk run, souk build, souk reset, souk backup, souk
// restore, souk seed, souk import, souk rebuild, souk staff.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: souk run [ORDERS=3 CATALOG=2 …] [OBSERVE=1]
                   run the shop until Ctrl-C, with so many instances of services, one each unless told; with OBSERVE=1 beside
                   Prometheus and Jaeger
       souk build  compile its services and the gateway
       souk reset  forget its data
       souk backup [FOLDER]
                   copy its data while it runs, to a new folder
       souk restore FOLDER
                   make it a backup's shop; it must have no data and not run
       souk seed   fill the shop at SOUK_URL with the demo catalog, with SOUK_CLIENT_SECRET, or
                   as SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD
       souk import [-url URL] FILE
                   send a product file of any size to the shop at SOUK_URL, with SOUK_TOKEN, or as SOUK_STAFF_EMAIL and
                   SOUK_STAFF_PASSWORD; one that was stopped goes on where it was
       souk rebuild
                   have recommendations of the running shop forget everything and read the sales of orders again
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
	if len(args) == 0 {
		return errors.New(usage)
	}
	name, args := args[0], args[1:]
	switch {
	case name == "run":
		return run(ctx, args)
	case name == "staff" && len(args) == 2:
		return staff(ctx, args)
	case name == "backup" && len(args) <= 1:
		return backup(ctx, args)
	case name == "restore" && len(args) <= 1:
		return restore(ctx, args)
	case name == "import":
		return importFile(ctx, args)
	case name == "rebuild" && len(args) == 0:
		return rebuild(ctx)
	case name == "build" && len(args) == 0:
		return build(ctx)
	case name == "reset" && len(args) == 0:
		return reset()
	case name == "seed" && len(args) == 0:
		return seed(ctx)
	default:
		return errors.New(usage)
	}
}
