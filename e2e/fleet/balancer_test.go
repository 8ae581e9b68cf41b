package fleet

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"souk/deploy/local/stack"
	"souk/testkit/devserver"
)

// balancer is haproxy in front of the gateways. It looks at /readyz alone, and gives no request to a second one.
type balancer struct {
	port, statsPort int
}

var balancerConfig = template.Must(template.New("").Parse(`
global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  retries 0
frontend shop
  bind 127.0.0.1:{{.Port}}
  default_backend gateways
backend gateways
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter {{.Every}} fall 1 rise 1
{{- range $name, $address := .Gateways}}
  server {{$name}} {{$address}}
{{- end}}
frontend stats
  bind 127.0.0.1:{{.StatsPort}}
  stats enable
  stats uri /
`))

// newBalancer starts haproxy, which is installed if it is missing, for the test.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	program, err := devserver.FindProgram(t.Context(), "haproxy", "haproxy", func(step string) { t.Log(step) })
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{}
	gateways := map[string]string{}
	for _, part := range live.Instances(stack.Gateway) {
		gateways[part] = live.GatewayAddr(part)
	}
	for _, port := range []*int{&b.port, &b.statsPort} {
		if *port, err = devserver.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	var config strings.Builder
	if err := balancerConfig.Execute(&config, map[string]any{
		"Port": b.port, "StatsPort": b.statsPort, "Gateways": gateways, "Every": fmt.Sprintf("%dms", checkEvery.Milliseconds()),
	}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	process, err := devserver.StartProcess(t.Context(), devserver.ProcessConfig{
		Name: "haproxy", Path: program, Args: []string{"-db", "-f", path}, LogFile: live.LogFile("haproxy"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *balancer) url() string { return fmt.Sprintf("http://127.0.0.1:%d", b.port) }

// await waits until every gateway is given requests.
func (b *balancer) await(t *testing.T) {
	t.Helper()
	until(t, settleWithin, func() error {
		for _, part := range live.Instances(stack.Gateway) {
			status, err := b.statusOf(t.Context(), part)
			if err != nil {
				return err
			}
			if status != "UP" {
				return fmt.Errorf("%s is %s", part, status)
			}
		}
		return nil
	})
}

// statusOf returns how the balancer finds a gateway: UP, DOWN, or on the way from one to the other.
// https://docs.haproxy.org/2.6/management.html#9.1
func (b *balancer) statusOf(ctx context.Context, part string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/;csv", b.statsPort), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	lines, err := csv.NewReader(resp.Body).ReadAll()
	if err != nil {
		return "", err
	}
	column := slices.Index(lines[0], "status")
	for _, line := range lines {
		if line[0] == "gateways" && line[1] == part {
			return line[column], nil
		}
	}
	return "", fmt.Errorf("haproxy knows no %s", part)
}
