package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"souk/deploy/local/stack"
	"souk/deploy/observability"
	"souk/testkit/devserver"
)

const (
	// tracedBar is the least that requests per processor second may be with traces, compared with none.
	tracedBar = 0.90
	// tracedShare is the share of traces that are sent.
	tracedShare = "0.05"
)

// Traced compares a shop that sends traces to Jaeger with one that does not. Jaeger's own processor time is not counted.
func Traced(ctx context.Context, plan Plan, progress func(string), out io.Writer) (failed error) {
	dir, err := os.MkdirTemp("", "souk-jaeger-")
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, os.RemoveAll(dir)) }()
	jaeger, err := startJaeger(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, jaeger.Stop(context.WithoutCancel(ctx))) }()
	turns := turns{Names: [2]string{"without traces", "with traces"}, Bar: tracedBar, Plan: plan, Progress: progress}
	return turns.compare(ctx, [2]Options{{}, {PartEnv: tracing(jaeger.OTLPAddr())}}, out)
}

// startJaeger starts Jaeger on free ports, with its files in dir.
func startJaeger(ctx context.Context, dir string) (*devserver.Jaeger, error) {
	if err := observability.Write(dir); err != nil {
		return nil, err
	}
	return devserver.StartJaeger(ctx, devserver.JaegerConfig{
		Dir: filepath.Join(dir, "jaeger"), ConfigFile: filepath.Join(dir, observability.JaegerFile),
	})
}

// tracing is the environment of a shop that sends traces.
func tracing(collector string) map[string][]string {
	env := map[string][]string{}
	for _, part := range append([]string{stack.Gateway, plainGateway}, stack.Services...) {
		env[part] = []string{"SOUK_TRACES_URL=http://" + collector, "SOUK_TRACES_SAMPLE=" + tracedShare}
	}
	return env
}
