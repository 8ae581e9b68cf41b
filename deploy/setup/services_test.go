package setup_test

import (
	"slices"
	"strings"
	"testing"

	"souk/deploy/setup/roster"
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

func TestWhatIsMountedIsAVolume(t *testing.T) {
	t.Parallel()
	c := compose(t)
	for name, container := range c.Services {
		for _, mount := range container.Volumes {
			volume, _, _ := strings.Cut(mount, ":")
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
