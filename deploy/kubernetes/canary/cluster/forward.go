package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"time"
)

// forwarded is what kubectl port-forward prints when it listens.
var forwarded = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:\d+) -> `)

// Forward returns a function that opens a connection to a port of a Service through the API server, which network policies do not
// concern. It is opened for each use, because it does not outlive the pod at its end.
func Forward(cluster, namespace, service string, port int) func(context.Context) (string, func(), error) {
	return func(ctx context.Context) (address string, disconnect func(), err error) {
		args := append(Global(cluster, namespace), "port-forward", "--address", "127.0.0.1", "service/"+service, fmt.Sprintf(":%d", port))
		ctx, stop := context.WithCancel(ctx)
		var failure bytes.Buffer
		cmd := exec.CommandContext(ctx, "kubectl", args...)
		cmd.Stderr, cmd.WaitDelay = &failure, time.Second
		output, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			stop()
			return "", nil, err
		}
		disconnect = func() {
			stop()
			_ = cmd.Wait() // killed
		}
		line, _ := bufio.NewReader(output).ReadString('\n')
		if match := forwarded.FindStringSubmatch(line); match != nil {
			return "http://" + match[1], disconnect, nil
		}
		disconnect()
		return "", nil, fmt.Errorf("kubectl port-forward service/%s: %s%s", service, line, bytes.TrimSpace(failure.Bytes()))
	}
}
