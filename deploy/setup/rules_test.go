package setup_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// limits are what a container may do and use.
type limits struct {
	ReadOnly     bool     `yaml:"read_only"`
	CapDrop      []string `yaml:"cap_drop"`
	CapAdd       []string `yaml:"cap_add"`
	SecurityOpt  []string `yaml:"security_opt"`
	Privileged   bool     `yaml:"privileged"`
	MemoryLimit  string   `yaml:"mem_limit"`
	ProcessLimit int      `yaml:"pids_limit"`
}

// How docker-compose.yml lets a container go beyond the others, and why.
var (
	// Entry points that start as root, give a folder to their user and become that user.
	capabilities = map[string][]string{
		"customers-db": {"CHOWN", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID"},
		"carts-mongo":  {"CHOWN", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID"},
		"consul":       {"CHOWN", "SETGID", "SETUID"},
	}
	// Compose writes a file into setup's container.
	written = map[string]bool{"setup": true}
	// All on loopback, unless the operator says otherwise.
	published = map[string]string{
		"gateway": "${SOUK_PUBLISH:-127.0.0.1:8080}:8080",
		"consul":  "127.0.0.1:${SOUK_CONSUL_PORT:-8500}:8500",
		// With the profile observability.
		"prometheus": "127.0.0.1:${SOUK_PROMETHEUS_PORT:-9090}:9090",
		"jaeger":     "127.0.0.1:${SOUK_JAEGER_PORT:-16686}:16686",
		"grafana":    "127.0.0.1:${SOUK_GRAFANA_PORT:-3000}:3000",
	}
)

func TestEveryContainerIsConfined(t *testing.T) {
	t.Parallel()
	for name, c := range compose(t).Services {
		if !slices.Equal(c.CapDrop, []string{"ALL"}) || !slices.Equal(c.CapAdd, capabilities[name]) {
			t.Errorf("%s drops the capabilities %v and adds %v", name, c.CapDrop, c.CapAdd)
		}
		if !slices.Equal(c.SecurityOpt, []string{"no-new-privileges:true"}) || c.Privileged {
			t.Errorf("%s: security options %v, privileged %v", name, c.SecurityOpt, c.Privileged)
		}
		if c.ReadOnly == written[name] {
			t.Errorf("%s: a read-only file system: %v", name, c.ReadOnly)
		}
		if c.ProcessLimit < 1 || c.ProcessLimit > 512 {
			t.Errorf("%s may have %d processes", name, c.ProcessLimit)
		}
		if c.NetworkMode != "" && c.NetworkMode != "none" {
			t.Errorf("%s: network mode %s", name, c.NetworkMode)
		}
		if ports := strings.Join(c.Ports, " "); ports != published[name] {
			t.Errorf("%s publishes %q, want %q", name, ports, published[name])
		}
	}
}

// The garbage collector works harder from GOMEMLIMIT on. What the collector does not count, such as the binary, needs the rest.
func TestMemoryIsLimitedAndGoKnows(t *testing.T) {
	t.Parallel()
	for name, c := range compose(t).Services {
		limit := mebibytes(t, name, c.MemoryLimit)
		soft, told := c.Environment["GOMEMLIMIT"]
		if told == isDatabase(name) {
			t.Errorf("%s: GOMEMLIMIT is %q", name, soft)
		}
		if share := mebibytes(t, name, soft) / limit; told && (share < 0.8 || share > 0.9) {
			t.Errorf("%s: GOMEMLIMIT is %.2f of the %s it may have", name, share, c.MemoryLimit)
		}
	}
}

// mebibytes reads a size as Compose (512m) and Go (435MiB) write it.
func mebibytes(t *testing.T, container, size string) float64 {
	t.Helper()
	units := map[string]float64{"m": 1, "MiB": 1, "g": 1024, "GiB": 1024}
	number := strings.TrimRight(size, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseFloat(number, 64)
	unit, known := units[strings.TrimPrefix(size, number)]
	if size != "" && (err != nil || !known) || size == "" && n != 0 {
		t.Fatalf("%s: a size of %q", container, size)
	}
	return n * unit
}

var anImage = regexp.MustCompile(`^\$\{SOUK_[A-Z]+_IMAGE:-[a-z0-9./-]+:[a-z0-9.]+\}$`)

func TestAnOperatorCanPinEveryImage(t *testing.T) {
	t.Parallel()
	for name, c := range compose(t).Services {
		images := []string{c.Image}
		if c.Image == "" {
			images = []string{c.Build.Args["GO_IMAGE"], c.Build.Args["BASE_IMAGE"]}
		}
		for _, image := range images {
			if !anImage.MatchString(image) {
				t.Errorf("%s: the image %q", name, image)
			}
		}
	}
}

func TestTheGatewayIsSetFromOutside(t *testing.T) {
	t.Parallel()
	services := compose(t).Services
	for _, setting := range []string{"CONCURRENCY", "LAME_DUCK", "TLS_CERT", "TLS_KEY"} {
		setting = "SOUK_GATEWAY_" + setting
		if got := services["gateway"].Environment[setting]; got != fmt.Sprintf("${%s:-}", setting) {
			t.Errorf("gateway: %s is %q", setting, got)
		}
	}
	for _, setting := range []string{"SOUK_TRUSTED_PROXIES", "SOUK_CORS_ORIGINS"} {
		if got := services["gateway"].Environment[setting]; got != fmt.Sprintf("${%s:-}", setting) {
			t.Errorf("gateway: %s is %q", setting, got)
		}
	}
	for name := range services {
		_, service := services[name+"-db"]
		setting := fmt.Sprintf("SOUK_%s_CONCURRENCY", strings.ToUpper(name))
		if got := services[name].Environment[setting]; service && got != fmt.Sprintf("${%s:-}", setting) {
			t.Errorf("%s: %s is %q", name, setting, got)
		}
	}
}
