// Command canary rolls out a version of a service, or of the gateway, in Kubernetes. One pod of it serves beside all old ones. If
// Prometheus shows that it is worse, the old version is brought back, and the exit status is 1. See deploy/kubernetes/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"souk/deploy/kubernetes/canary"
	"souk/deploy/kubernetes/canary/cluster"
	"souk/deploy/kubernetes/canary/samples"
	"souk/deploy/setup/roster"
)

func main() {
	if err := interruptible(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "canary:", err)
		os.Exit(1)
	}
}

// interruptible rolls back when it is interrupted, also by a terminal that closes.
func interruptible(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// Whoever reads the output may end first, for example tee on Ctrl-C. That must not end a rollout in the middle.
	signal.Ignore(syscall.SIGPIPE)
	return command(ctx, args)
}

// options are where the cluster and Prometheus are.
type options struct {
	cluster, namespace, prometheus string
}

func command(ctx context.Context, args []string) error {
	var o options
	cfg := canary.Config{Every: 15 * time.Second, Patience: time.Minute, Again: 5 * time.Second, Out: os.Stdout}
	flags := flag.NewFlagSet("canary", flag.ContinueOnError)
	flags.StringVar(&cfg.Service, "service", "", "the service, or gateway")
	flags.StringVar(&cfg.Image, "image", "", "the image of the new version")
	flags.DurationVar(&cfg.Duration, "duration", 5*time.Minute, "how long the new version is judged")
	flags.DurationVar(&cfg.Startup, "startup", 10*time.Minute, "how long the new pod may take to become ready")
	flags.IntVar(&cfg.Calls, "calls", 200, "how many calls each version must have answered for a verdict")
	flags.StringVar(&o.namespace, "namespace", "souk", "the namespace of the shop")
	flags.StringVar(&o.cluster, "context", cluster.Current(ctx), "the context of kubectl")
	flags.StringVar(&o.prometheus, "prometheus", "", "the address of Prometheus; if empty, the Service prometheus through kubectl port-forward")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := check(cfg, flags.Args()); err != nil {
		return err
	}
	cfg.Kubectl, cfg.Global = cluster.Command(o.cluster, o.namespace), cluster.Global(o.cluster, o.namespace)
	cfg.Read = o.source(cfg.Service).Read
	return canary.Run(ctx, cfg)
}

func (o options) source(service string) samples.Source {
	connect := samples.At(o.prometheus)
	if o.prometheus == "" {
		connect = cluster.Forward(o.cluster, o.namespace, "prometheus", 9090)
	}
	return samples.Source{Namespace: o.namespace, Service: service, Connect: connect}
}

// check returns an error that names each argument that is not possible.
func check(cfg canary.Config, rest []string) error {
	var problems []error
	if known := append(roster.Names(), "gateway"); !slices.Contains(known, cfg.Service) {
		problems = append(problems, fmt.Errorf("-service is %q, want one of %s", cfg.Service, strings.Join(known, ", ")))
	}
	if cfg.Image == "" {
		problems = append(problems, errors.New("-image is missing"))
	}
	if cfg.Duration < 2*cfg.Every {
		problems = append(problems, fmt.Errorf("-duration is %v, want %v at least", cfg.Duration, 2*cfg.Every))
	}
	if cfg.Startup <= 0 || cfg.Calls < 1 {
		problems = append(problems, fmt.Errorf("-startup is %v and -calls is %d, want more than none", cfg.Startup, cfg.Calls))
	}
	if len(rest) > 0 {
		problems = append(problems, fmt.Errorf("unknown argument %q", rest[0]))
	}
	return errors.Join(problems...)
}
