// Package cluster rolls a version of a Deployment out and back with kubectl, which operators have, with their credentials.
package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// Kubectl runs kubectl with arguments and returns what it prints.
type Kubectl func(ctx context.Context, args ...string) ([]byte, error)

// Command returns the kubectl of the machine, for a namespace.
func Command(cluster, namespace string) Kubectl {
	return func(ctx context.Context, args ...string) ([]byte, error) {
		args = append(Global(cluster, namespace), args...)
		var failure bytes.Buffer
		cmd := exec.CommandContext(ctx, "kubectl", args...)
		cmd.Stderr = &failure
		output, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(failure.Bytes()))
		}
		return output, nil
	}
}

// Global returns the arguments that name the cluster, as a context of kubectl, and the namespace.
func Global(cluster, namespace string) []string {
	args := []string{"--namespace", namespace}
	if cluster != "" {
		args = append(args, "--context", cluster)
	}
	return args
}

// Current returns the context that kubectl uses now, so that another one that is chosen meanwhile makes no difference. In a pod there is
// none.
func Current(ctx context.Context) string {
	output, err := exec.CommandContext(ctx, "kubectl", "config", "current-context").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}

// get reads objects.
func (k Kubectl) get(ctx context.Context, into any, args ...string) error {
	output, err := k(ctx, append([]string{"get", "--output", "json"}, args...)...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(output, into); err != nil {
		return fmt.Errorf("kubectl get %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
