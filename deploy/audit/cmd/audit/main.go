// Command audit checks the books of a live shop.
//
//	SOUK_CLIENT_ID=… SOUK_CLIENT_SECRET=… audit [-provider]
//	SOUK_CLIENT_ID=… SOUK_CLIENT_SECRET=… audit mend [-apply]
//
// audit mend lists the orders about which the services do not agree, and with -apply mends them. It is for a shop whose databases were
// restored from a backup (docs/backup.md). The exit status is 0 if everything agrees, 1 if something does not, and 2 if the books could not
// be read. With SOUK_AUDIT_EVERY the audit is repeated until the process is told to stop, and its results are shown at /metrics.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"souk/deploy/audit"
	"souk/deploy/audit/watch"
	"souk/platform/config"
)

const (
	exitBroken = 1
	exitUnread = 2
)

func main() {
	ok, err := command(os.Args[1:])
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "audit:", err)
		os.Exit(exitUnread)
	case !ok:
		os.Exit(exitBroken)
	}
}

// command reports whether everything agrees.
func command(args []string) (ok bool, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] == "mend" {
		return mendShop(ctx, args[1:])
	}
	report, err := run(ctx)
	return report == nil || report.OK(), err
}

// settings are those of the audit, and how it is repeated.
type settings struct {
	audit.Config
	Watch watch.Config `envPrefix:"AUDIT_"`
}

// Validate returns an error if a setting is not possible.
func (s *settings) Validate() error { return errors.Join(s.Config.Validate(), s.Watch.Validate()) }

// run returns the report of an audit. It returns none if it has audited again and again until it was told to stop.
func run(ctx context.Context) (*audit.Report, error) {
	var cfg settings
	if err := parse(flag.CommandLine, os.Args[1:], &cfg.Config); err != nil {
		return nil, err
	}
	if err := config.Load(&cfg); err != nil {
		return nil, err
	}
	if cfg.Watch.Every > 0 {
		return nil, watch.Run(ctx, cfg.Watch, cfg.Config)
	}
	cfg.Progress = progress()
	report, err := audit.Run(ctx, cfg.Config)
	if err != nil {
		return nil, err
	}
	return report, report.Print(os.Stdout)
}

// parse reads the flags that an audit and mend have in common, and those that flags has already.
func parse(flags *flag.FlagSet, args []string, cfg *audit.Config) error {
	flags.BoolVar(&cfg.WithProvider, "provider", false, "also ask the payment provider what it knows of each payment")
	flags.DurationVar(&cfg.Patience, "patience", 5*time.Second, "how long something must stay wrong to be believed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return nil
}

// progress returns a function that prints a step, with the time since the start.
func progress() func(step string) {
	start := time.Now()
	return func(step string) { fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(start).Seconds(), step) }
}
