package setup_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"souk/deploy/setup"
	"souk/platform/config"
	"souk/testkit/devserver"
)

// composition is what docker-compose.yml says that has rules.
type composition struct {
	Services map[string]container `yaml:"services"`
	Configs  map[string]struct {
		Content string `yaml:"content"`
	} `yaml:"configs"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
	} `yaml:"networks"`
	Volumes map[string]any `yaml:"volumes"`
}

type container struct {
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Networks    names             `yaml:"networks"`
	DependsOn   names             `yaml:"depends_on"`
	Ports       []string          `yaml:"ports"`
	Image       string            `yaml:"image"`
	Build       struct {
		Args map[string]string `yaml:"args"`
	} `yaml:"build"`
	NetworkMode string `yaml:"network_mode"`
	limits      `yaml:",inline"`
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
	if len(c.Services) < 19 {
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

// sets have more than their own secrets: setup's, to prepare others.
var sets = map[string]bool{"consul-setup": true, "database-setup": true}

func TestAContainerMountsItsOwnSecretsAndOnlyToRead(t *testing.T) {
	t.Parallel()
	mounted := map[string]string{}
	for name, container := range compose(t).Services {
		for _, volume := range container.Volumes {
			if !strings.Contains(volume, "-secrets:") || name == "setup" {
				continue
			}
			mounted[name] = volume
			if want := name + "-secrets:/run/secrets:ro"; volume != want && !sets[name] {
				t.Errorf("%s mounts %s, want %s", name, volume, want)
			}
		}
	}
	for name := range sets {
		delete(mounted, name)
	}
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
			_, written := contents[name+"/"+file]
			if ok && !written && file != "mongo-uri" { // database-setup writes that

				t.Errorf("%s: %s is %s, which setup does not write", name, variable, value)
			}
		}
	}
}

var (
	secretName   = regexp.MustCompile(`SECRET|PASSWORD|TOKEN|KEY|URI|DATABASE_URL`)
	withPassword = regexp.MustCompile(`://[^/]*:[^/]*@`)
)

// docker inspect shows a container's environment.
func TestNoEnvironmentHoldsASecret(t *testing.T) {
	t.Parallel()
	for name, container := range compose(t).Services {
		for variable, value := range container.Environment {
			named := secretName.MatchString(variable) && !strings.HasSuffix(variable, "_FILE")
			file := variable == "SOUK_GATEWAY_TLS_KEY" // the path of one
			if withPassword.MatchString(value) || named && !file {
				t.Errorf("%s: %s is %s", name, variable, value)
			}
		}
	}
}

// given are the variables in the file with the secrets from outside.
func given(t *testing.T) map[string]string {
	t.Helper()
	lines := map[string]string{}
	for line := range strings.Lines(compose(t).Configs["given"].Content) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		lines[name] = value
	}
	return lines
}

func TestWhatIsGivenReachesSetupAndHasNoDefault(t *testing.T) {
	settings := given(t)
	if len(settings) < 6 {
		t.Fatalf("given are %v", settings)
	}
	var lines strings.Builder
	for name, value := range settings {
		if value != "${"+name+":-}" {
			t.Errorf("%s is %s", name, value)
		}
		t.Setenv(name, "")
		fmt.Fprintf(&lines, "%s=the %s=$1\n", name, name)
	}
	file := filepath.Join(t.TempDir(), "given")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := setup.LoadGiven(file); err != nil {
		t.Fatal(err)
	}
	cfg := newConfig(t)
	dir, volumes := cfg.Dir, cfg.Volumes
	if err := config.Load(&cfg); err != nil {
		t.Fatal(err)
	}
	cfg.Dir, cfg.Volumes = dir, volumes
	contents := slices.Collect(maps.Values(shared(t, cfg)))
	s := keep(t, cfg)
	contents = append(contents, string(s.Databases["carts"]))
	for name := range settings {
		if !slices.Contains(contents, "the "+name+"=$1") {
			t.Errorf("no container has what %s gives", name)
		}
	}
}

func TestALineThatIsNoSettingIsAnErrorWithoutItsText(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "given")
	for _, line := range []string{"hunter2", "PATH=hunter2"} {
		if err := os.WriteFile(file, []byte("SOUK_X=\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := setup.LoadGiven(file); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
	if err := setup.LoadGiven(file + " that is not there"); err != nil {
		t.Errorf("%v", err)
	}
}

// isDatabase reports whether a container is a database server.
func isDatabase(name string) bool { return strings.HasSuffix(name, "-db") || name == "carts-mongo" }

func TestADatabaseIsReachedByItsServiceAlone(t *testing.T) {
	t.Parallel()
	c := compose(t)
	members := map[string][]string{}
	for name, container := range c.Services {
		for _, network := range container.Networks {
			members[network] = append(members[network], name)
		}
		if isDatabase(name) && len(container.Networks) != 1 {
			t.Errorf("%s is on %v", name, container.Networks)
		}
	}
	for network, settings := range c.Networks {
		service, private := strings.CutSuffix(network, "-private")
		slices.Sort(members[network])
		want := []string{service, service + "-db", "database-setup"}
		if service == "carts" {
			want = append(want, "carts-mongo")
		}
		slices.Sort(want)
		if private && (!settings.Internal || !slices.Equal(members[network], want)) {
			t.Errorf("%s: internal %v, of %v", network, settings.Internal, members[network])
		}
	}
	if !slices.Equal(members["edge"], []string{"gateway"}) {
		t.Errorf("on the edge are %v", members["edge"])
	}
}
