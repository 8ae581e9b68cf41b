// Package canary rolls out a version of a service with a judge: one pod of it serves beside all old ones, until it is clear from their
// metrics whether it is worse.
package canary

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"souk/deploy/kubernetes/canary/cluster"
	"souk/deploy/kubernetes/canary/judge"
	"souk/deploy/kubernetes/canary/samples"
)

// Config says what to roll out and how to judge it.
type Config struct {
	// Service is a service, or gateway. Image is the one of its new version.
	Service, Image string
	// Startup is how long the new pod may take to become ready, and Duration how long it is judged.
	Startup, Duration time.Duration
	// Calls is how many calls each version must have answered for a verdict.
	Calls int
	// Every is the time between two looks. Prometheus may give no answer for Patience. Again is the time after which bringing the old
	// version back is tried again.
	Every, Patience, Again time.Duration

	Kubectl cluster.Kubectl
	// Global are the arguments of kubectl that a person needs, too.
	Global []string
	// Read reads what the pods of the service have answered.
	Read func(context.Context) (samples.Snapshot, error)
	Out  io.Writer
}

// backWithin is how long bringing the old version back may take.
const backWithin = 40 * time.Minute

// Run rolls out the new version. If it is worse, cannot be judged, or ctx ends, Run brings the old version back and returns an error.
func Run(ctx context.Context, cfg Config) error {
	rollout, err := cluster.Prepare(ctx, cfg.Kubectl, cfg.Service, cfg.Image)
	if err != nil {
		return err
	}
	before, err := cfg.Read(ctx)
	if err != nil {
		return err
	}
	if !before.Has(rollout.Old) {
		return fmt.Errorf("no pod of %s with the pod_template_hash %s is known to Prometheus", cfg.Service, rollout.Old)
	}
	c := canary{Config: cfg, rollout: rollout, tally: samples.NewTally(cfg.Service)}
	if err := c.tryOut(ctx); err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		return c.back(ctx, err)
	}
	c.say("%s has the image %s.", cfg.Service, cfg.Image)
	return nil
}

// canary is a rollout that is judged.
type canary struct {
	Config
	rollout *cluster.Rollout
	tally   *samples.Tally
}

func (c *canary) say(format string, args ...any) { fmt.Fprintf(c.Out, format+"\n", args...) }

// tryOut changes the Deployment. If it returns an error, the old version must be brought back.
func (c *canary) tryOut(ctx context.Context) error {
	c.say("%s: one pod of %s beside those of %s", c.Service, c.rollout.After, c.rollout.Before)
	if err := c.rollout.Start(ctx); err != nil {
		return err
	}
	if err := c.rollout.AwaitReady(ctx, c.Startup); err != nil {
		return err
	}
	c.say("It is ready. It is judged for %v.", c.Duration)
	if err := c.judge(ctx); err != nil {
		return err
	}
	c.say("It is not worse. The other pods are replaced.")
	return c.rollout.Finish(ctx)
}

// back brings the old version back because of what has happened.
func (c *canary) back(ctx context.Context, because error) error {
	if errors.Is(because, cluster.ErrTakenOver) {
		return fmt.Errorf("%w. Nothing more was done", because)
	}
	c.say("%v\nBack to %s.", because, c.rollout.Before)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backWithin)
	defer cancel()
	var err error
	for range 3 {
		if err = c.rollout.Back(ctx); err == nil {
			return fmt.Errorf("rolled back to %s: %w", c.rollout.Before, because)
		}
		if errors.Is(err, cluster.ErrTakenOver) {
			break
		}
		time.Sleep(c.Again)
	}
	return fmt.Errorf("%w\nROLLING BACK FAILED: %w\nFinish it:\n%s", because, err, c.rollout.ByHand(c.Global))
}

// judge looks at both versions again and again. It returns an error as soon as the new one is worse.
func (c *canary) judge(ctx context.Context) error {
	begun, heard := time.Now(), time.Now()
	ticks := time.NewTicker(c.Every)
	defer ticks.Stop()
	for {
		if err := c.rollout.Check(ctx); err != nil {
			return err
		}
		switch err := c.look(ctx); {
		case err == nil:
			heard = time.Now()
			if done, err := c.verdict(time.Since(begun)); done || err != nil {
				return err
			}
		case ctx.Err() != nil || time.Since(heard) > c.Patience:
			return err
		default:
			c.say("%v", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
	}
}

// verdict returns an error if the new version is worse, and reports whether it has been judged for long enough.
func (c *canary) verdict(passed time.Duration) (done bool, err error) {
	before, after := c.tally.Version(c.rollout.Old), c.tally.Version(c.rollout.New)
	c.say("%6s  old: %s; new: %s", passed.Round(time.Second), before.Total().Line(), after.Total().Line())
	if found := judge.Compare(before, after); len(found) > 0 {
		return false, worse(found)
	}
	if passed < c.Duration {
		return false, nil
	}
	return true, c.enough(before, after)
}

// look adds what both versions have answered since the last look.
func (c *canary) look(ctx context.Context) error {
	s, err := c.Read(ctx)
	if err != nil {
		return err
	}
	if !s.Has(c.rollout.New) || !s.Has(c.rollout.Old) {
		return errors.New("pods of both versions are not known to Prometheus")
	}
	c.tally.Add(s)
	return nil
}

// worse is the error of a version that is worse.
func worse(found []judge.Finding) error {
	problems := []error{errors.New("the new version is worse")}
	for _, f := range found {
		problems = append(problems, errors.New("  "+f.String()))
	}
	return errors.Join(problems...)
}
