package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"souk/deploy/audit/mend"
	"souk/platform/config"
)

// mendShop lists what does not agree in a shop that was restored from a backup, and with -apply mends it. It reports whether nothing is left.
func mendShop(ctx context.Context, args []string) (ok bool, err error) {
	var cfg mend.Config
	flags := flag.NewFlagSet("audit mend", flag.ContinueOnError)
	flags.BoolVar(&cfg.Apply, "apply", false, "mend; without it, nothing is changed")
	flags.BoolVar(&cfg.WithProvider, "provider", false, "also ask the payment provider what it knows of each payment")
	flags.DurationVar(&cfg.Patience, "patience", 5*time.Second, "how long something must stay wrong to be believed")
	dry := flags.Bool("dry-run", true, "only list; the same as no -apply")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	if flags.NArg() > 0 {
		return false, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if cfg.Apply && *dry && isSet(flags, "dry-run") {
		return false, fmt.Errorf("say either -apply or -dry-run")
	}
	if err := config.Load(&cfg); err != nil {
		return false, err
	}
	start := time.Now()
	cfg.Progress = func(step string) { fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(start).Seconds(), step) }
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
