package structure

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/deploy/setup/roster"
)

func TestTheRosterIsTheFoldersOfServices(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join(root(t), "services", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, folder := range folders {
		found = append(found, filepath.Base(folder))
	}
	if listed := slices.Sorted(slices.Values(roster.Names())); !slices.Equal(found, listed) {
		t.Errorf("services/ has %v, deploy/setup/roster lists %v", found, listed)
	}
}

// The files that cannot read the roster, with what each has of every service; NAME stands for the service. What docker-compose.yml has is
// checked in deploy/setup.
var listings = []struct{ file, text string }{
	{"proto/souk/NAME/v1/NAME.proto", "package souk.NAME.v1;"},
	{"go.work", "\t./services/NAME\n"},
	{".golangci.yaml", `files: ["${config-path}/services/NAME/**.go"]`},
	{".golangci.yaml", `          allow: [souk/services/NAME]`},
	{"README.md", "NAME --- db"},
	{"gateway/internal/app/app.go", `(conns["NAME"])`},
}

func TestFilesThatListServicesListAll(t *testing.T) {
	t.Parallel()
	for _, name := range roster.Names() {
		for _, l := range listings {
			file, text := strings.ReplaceAll(l.file, "NAME", name), strings.ReplaceAll(l.text, "NAME", name)
			if content := readFile(t, file); !strings.Contains(content, text) {
				t.Errorf("%s does not have the service %s: it lacks %q", file, name, text)
			}
		}
		if domains := between(t, ".golangci.yaml", "services/*/internal/{", "}"); !slices.Contains(domains, name) {
			t.Errorf(".golangci.yaml does not have the domain of %s among %v", name, domains)
		}
		if peers := between(t, "gateway/internal/app/app.go", "var peers = []string{", "}"); !slices.Contains(peers, fmt.Sprintf("%q", name)) {
			t.Errorf("gateway/internal/app/app.go does not have %s among the peers %v", name, peers)
		}
	}
}

// Customers does not ask itself for the keys that verify access tokens.
func TestEveryServiceMayAskForKeys(t *testing.T) {
	t.Parallel()
	options := accessv1.File_souk_access_v1_access_proto.Services().ByName("KeysService").Options()
	callers := proto.GetExtension(options, accessv1.E_Callers).(*accessv1.Callers).GetServices()
	for _, name := range roster.Names() {
		if name != "customers" && !slices.Contains(callers, name) {
			t.Errorf("proto/souk/access/v1/access.proto does not name %s among the callers of KeysService", name)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
	if err != nil {
		t.Error(err)
	}
	return string(content)
}

// between returns the words of a list in a file, separated by commas, between two texts.
func between(t *testing.T, file, start, end string) []string {
	t.Helper()
	_, rest, _ := strings.Cut(readFile(t, file), start)
	list, _, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no list between %q and %q", file, start, end)
	}
	return strings.Split(strings.ReplaceAll(list, " ", ""), ",")
}
