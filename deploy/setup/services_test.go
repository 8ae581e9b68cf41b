package setup_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"souk/deploy/setup/roster"
	"souk/testkit/devserver"
)

func TestEveryServiceHasItsContainers(t *testing.T) {
	t.Parallel()
	c := compose(t)
	has := func(service, what string, ok bool) {
		if !ok {
			t.Errorf("docker-compose.yml does not have %s for %s", what, service)
		}
	}
	for _, name := range roster.Names() {
		service, database := c.Services[name], c.Services[name+"-db"]
		has(name, "a container built from its module", service.Build.Args["MODULE"] == "services/"+name)
		has(name, "its address", service.Environment["SOUK_"+strings.ToUpper(name)+"_ADDR"] != "")
		has(name, "a place for what it keeps", slices.Contains(service.Volumes, name+"-kept:/kept"))
		has(name, "a database", database.Image != "")
		has(name, "its database among what it waits for", slices.Contains(service.DependsOn, name+"-db"))
		has(name, "a place among what the gateway waits for", slices.Contains(c.Services["gateway"].DependsOn, name))
		has(name, "its secrets among what setup makes up", slices.Contains(c.Services["setup"].Volumes, name+"-secrets:/volumes/"+name))
		has(name, "its database among what database-setup prepares", slices.Contains(c.Services["database-setup"].DependsOn, name+"-db"))
		has(name, "its network among those of database-setup", slices.Contains(c.Services["database-setup"].Networks, name+"-private"))
	}
}

// exists reports whether the repository has a file or folder.
func exists(t *testing.T, path string) bool {
	t.Helper()
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(root, path))
	return err == nil
}

func TestEveryServiceCanBeWatched(t *testing.T) {
	t.Parallel()
	c := compose(t)
	for _, name := range append(roster.Names(), "gateway", "audit") {
		setting := "SOUK_" + strings.ToUpper(name) + "_ADMIN_ADDR"
		if got := c.Services[name].Environment[setting]; got != "${SOUK_ADMIN_HOST:-127.0.0.1}:9100" {
			t.Errorf("%s: %s is %q", name, setting, got)
		}
		if got := c.Services[name].Environment["SOUK_TRACES_URL"]; got != "${SOUK_TRACES_URL:-}" {
			t.Errorf("%s: SOUK_TRACES_URL is %q", name, got)
		}
	}
}

// What Prometheus scrapes is listed in its configuration by name.
func TestPrometheusKnowsEveryContainerThatCanBeWatched(t *testing.T) {
	t.Parallel()
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "deploy", "observability", "prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		ScrapeConfigs []struct {
			DNS []struct {
				Names []string `yaml:"names"`
				Port  int      `yaml:"port"`
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	dns := config.ScrapeConfigs[0].DNS[0]
	want := slices.Sorted(slices.Values(append(roster.Names(), "gateway", "audit")))
	if slices.Sort(dns.Names); !slices.Equal(dns.Names, want) || dns.Port != 9100 {
		t.Errorf("Prometheus scrapes %v at port %d, want %v at 9100", dns.Names, dns.Port, want)
	}
}

func TestWhatIsMountedIsAVolume(t *testing.T) {
	t.Parallel()
	c := compose(t)
	for name, container := range c.Services {
		for _, mount := range container.Volumes {
			volume, target, _ := strings.Cut(mount, ":")
			if path, ok := strings.CutPrefix(volume, "./"); ok {
				if !strings.HasSuffix(target, ":ro") || !exists(t, path) {
					t.Errorf("%s mounts %s: want a path of the repository, only to read", name, mount)
				}
				continue
			}
			if _, ok := c.Volumes[volume]; !ok && !strings.HasPrefix(volume, "${") {
				t.Errorf("%s mounts %s, which is not among the volumes", name, volume)
			}
		}
		for _, network := range container.Networks {
			if _, ok := c.Networks[network]; !ok {
				t.Errorf("%s is on %s, which is not among the networks", name, network)
			}
		}
	}
}
