package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"

	"souk/platform/consul"
)

// addressOf returns where a part serves, as its process said when it began: the last one, if it was restarted. It is empty
// while the process is starting.
func addressOf(t *testing.T, part string) string {
	t.Helper()
	content, err := os.ReadFile(live.LogFile(part))
	if err != nil {
		t.Fatal(err)
	}
	address := ""
	for line := range strings.Lines(string(content)) {
		var entry struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
			address = entry.Address
		}
	}
	return address
}

// instance is an instance of a service as Consul knows it.
type instance struct {
	id string
	// Where it serves, and where it tells about itself.
	address, admin string
}

// asked is the client that instances asks. There is one, because each keeps its connections open, and Consul takes 200 of an
// address (limits.http_max_conns_per_client).
var asked = sync.OnceValues(func() (*api.Client, error) { return consul.NewClient(live.ConsulAddr(), "") })

// instances returns those of a service that pass their health check.
func instances(t *testing.T, service string) []instance {
	t.Helper()
	client, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := client.Health().Service(service, "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []instance
	for _, entry := range entries {
		s := entry.Service
		all = append(all, instance{id: s.ID, address: net.JoinHostPort(s.Address, strconv.Itoa(s.Port)), admin: s.Meta["admin"]})
	}
	return all
}

// complete waits until every instance of every service passes its health check again.
func complete(t *testing.T, services ...string) {
	t.Helper()
	until(t, settleWithin, func() error {
		for _, service := range services {
			if n, want := len(instances(t, service)), len(live.Instances(service)); n != want {
				return fmt.Errorf("%d of %d instances of %s pass", n, want, service)
			}
		}
		return nil
	})
}

// fetch reads a page of the instance's admin port.
func (i instance) fetch(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.admin+path, nil)
	if err != nil {
		return nil, err
	}
	req.Close = true // not to be among the goroutines that are counted
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.id, err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s%s: %s", i.id, path, resp.Status)
	}
	return content, err
}
