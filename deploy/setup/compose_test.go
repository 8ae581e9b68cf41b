package setup_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"souk/platform/devserver"
)

// composition is what docker-compose.yml says that matters for secrets.
type composition struct {
	Services map[string]container `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
}

type container struct {
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Networks    names             `yaml:"networks"`
	Ports       []string          `yaml:"ports"`
}

// names are a list, or the keys of a map.
type names []string

func (n *names) UnmarshalYAML(node *yaml.Node) error {
	var list []string
	if node.Decode(&list) == nil {
		*n = list
		return nil
	}
	var keyed map[string]any
	if err := node.Decode(&keyed); err != nil {
		return err
	}
	for name := range keyed {
		*n = append(*n, name)
	}
	slices.Sort(*n)
	return nil
}

func compose(t *testing.T) composition {
	t.Helper()
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) < 18 {
		t.Fatalf("read %d services", len(c.Services))
	}
	return c
}

// containers are those that have a volume with secrets.
func containers(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, volume := range compose(t).Services["setup"].Volumes {
		if _, container, ok := strings.Cut(volume, ":/volumes/"); ok {
			all = append(all, container)
		}
	}
	return all
}

func TestAContainerMountsItsOwnSecretsAndOnlyToRead(t *testing.T) {
	t.Parallel()
	mounted := map[string]string{}
	for name, container := range compose(t).Services {
		for _, volume := range container.Volumes {
			if !strings.Contains(volume, "-secrets:") || name == "setup" {
				continue
			}
			mounted[name] = volume
			if want := name + "-secrets:/run/secrets:ro"; volume != want && name != "consul-setup" {
				t.Errorf("%s mounts %s, want %s", name, volume, want)
			}
		}
	}
	delete(mounted, "consul-setup")
	if with := containers(t); len(mounted) != len(with) {
		t.Errorf("%d containers mount secrets, setup writes for %v", len(mounted), with)
	}
}

func TestEverySecretFileIsOneThatSetupWrites(t *testing.T) {
	t.Parallel()
	contents := shared(t, newConfig(t))
	for name, container := range compose(t).Services {
		for variable, value := range container.Environment {
			file, ok := strings.CutPrefix(value, "/run/secrets/")
			if _, written := contents[name+"/"+file]; ok && !written {
				t.Errorf("%s: %s is %s, which setup does not write", name, variable, value)
			}
		}
	}
}

var (
	secretName   = regexp.MustCompile(`SECRET|PASSWORD|TOKEN|KEY|URI|DATABASE_URL`)
	passedOn     = regexp.MustCompile(`^\$\{SOUK_\w+:-\}$`)
	withPassword = regexp.MustCompile(`://[^/]*:[^/]*@`)
)

func TestThereIsNoDefaultSecret(t *testing.T) {
	t.Parallel()
	for name, container := range compose(t).Services {
		for variable, value := range container.Environment {
			named := secretName.MatchString(variable) && !strings.HasSuffix(variable, "_FILE") && !strings.HasSuffix(variable, "_MONGO_URI")
			if withPassword.MatchString(value) || named && !passedOn.MatchString(value) {
				t.Errorf("%s: %s is %s", name, variable, value)
			}
		}
	}
}

func TestADatabaseIsReachedByItsServiceAlone(t *testing.T) {
	t.Parallel()
	c := compose(t)
	members := map[string][]string{}
	for name, container := range c.Services {
		for _, network := range container.Networks {
			members[network] = append(members[network], name)
		}
		if database := strings.HasSuffix(name, "-db"); database && len(container.Networks) != 1 {
			t.Errorf("%s is on %v", name, container.Networks)
		}
		if len(container.Ports) > 0 && name != "gateway" && name != "consul" {
			t.Errorf("%s publishes %v", name, container.Ports)
		}
	}
	for network, settings := range c.Networks {
		service, private := strings.CutSuffix(network, "-private")
		slices.Sort(members[network])
		if private && (!settings.Internal || !slices.Equal(members[network], []string{service, service + "-db"})) {
			t.Errorf("%s: internal %v, of %v", network, settings.Internal, members[network])
		}
	}
	if !slices.Equal(members["edge"], []string{"gateway"}) {
		t.Errorf("on the edge are %v", members["edge"])
	}
}
