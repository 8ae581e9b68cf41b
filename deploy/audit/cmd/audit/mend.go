package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"souk/deploy/audit/mend"
	"souk/platform/config"
)

// mendShop lists the orders of a restored shop about which the services do not agree, and with -apply mends them. It reports whether the
// services agree about all orders.
func mendShop(ctx context.Context, args []string) (ok bool, err error) {
	var cfg mend.Config
	flags := flag.NewFlagSet("audit mend", flag.ContinueOnError)
	flags.BoolVar(&cfg.Apply, "apply", false, "mend; without it, nothing is changed")
	dry := flags.Bool("dry-run", true, "only list; the same as no -apply")
	if err := parse(flags, args, &cfg.Config); err != nil {
		return false, err
	}
	if cfg.Apply && *dry && isSet(flags, "dry-run") {
		return false, fmt.Errorf("say either -apply or -dry-run")
	}
	if err := config.Load(&cfg); err != nil {
		return false, err
	}
	cfg.Progress = progress()
	report, err := mend.Run(ctx, cfg)
	if err != nil {
		return false, err
	}
	return report.OK(), report.Print(os.Stdout)
}

func isSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
