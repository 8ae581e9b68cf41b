// Command audit checks the books of a live shop.
//
//	SOUK_STAFF_PASSWORD=… audit [-provider]
//
// It ends with 0 when everything agrees, 1 when something does not, and 2 when it could not read the books.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"souk/deploy/audit"
	"souk/platform/config"
)

const (
	exitBroken = 1
	exitUnread = 2
)

func main() {
	report, err := run()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(exitUnread)
	case !report.OK():
		os.Exit(exitBroken)
	}
}

func run() (*audit.Report, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var cfg audit.Config
	flag.BoolVar(&cfg.WithProvider, "provider", false, "also ask the payment provider what it knows of each payment")
	flag.DurationVar(&cfg.Patience, "patience", 5*time.Second, "how long something must stay wrong to be believed")
	flag.Parse()
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("unknown argument %q", flag.Arg(0))
	}
	if err := config.Load(&cfg); err != nil {
		return nil, err
	}
	start := time.Now()
	cfg.Progress = func(step string) { fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(start).Seconds(), step) }
	report, err := audit.Run(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return report, report.Print(os.Stdout)
}
