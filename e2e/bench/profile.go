package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"souk/deploy/local/stack"
	"souk/testkit/devserver"
)

// AdminPorts are where the processes of a shop show their profiles, host:port, by the part of the shop.
type AdminPorts map[string]string

// NewAdminPorts finds a free port for each.
func NewAdminPorts() (AdminPorts, error) {
	ports := AdminPorts{}
	for _, part := range append([]string{stack.Gateway, plainGateway}, stack.Services...) {
		port, err := devserver.FreePort()
		if err != nil {
			return nil, err
		}
		ports[part] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return ports, nil
}

// Env is the environment that gives the parts their ports.
func (a AdminPorts) Env() map[string][]string {
	env := map[string][]string{}
	for part, addr := range a {
		service, _, _ := strings.Cut(part, "-")
		env[part] = []string{fmt.Sprintf("SOUK_%s_ADMIN_ADDR=%s", strings.ToUpper(service), addr)}
	}
	return env
}

// The profiles that are taken, each for as long as the scenario is measured.
var profiles = map[string]string{"cpu": "/debug/pprof/profile", "allocs": "/debug/pprof/allocs"}

// Profile runs a scenario in the closed loop, and writes the profiles of every Go process during that into a folder.
func (b *Bench) Profile(ctx context.Context, s Scenario, ports AdminPorts, dir string) error {
	if err := b.Shop.SignIn(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if s.goods != nil {
		if err := b.fillCarts(ctx, s); err != nil {
			return err
		}
	}
	var group errgroup.Group
	for part, addr := range ports {
		for kind, path := range profiles {
			group.Go(func() error {
				if err := sleep(ctx, b.Plan.WarmUp); err != nil {
					return err
				}
				url := fmt.Sprintf("http://%s%s?seconds=%.0f", addr, path, b.Plan.Length.Seconds())
				return download(ctx, url, filepath.Join(dir, part+"."+kind+".pb.gz"))
			})
		}
	}
	run, err := closedLoop(ctx, connections, b.Plan.window(), b.Shop.servers(), b.Shop.work(s))
	if err == nil && run.Requests == 0 {
		err = fmt.Errorf("no request succeeded: %s", run.Error)
	}
	return errors.Join(err, group.Wait())
}

// download writes what is at a URL into a file.
func download(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, resp.Body)
	return errors.Join(err, file.Close())
}
