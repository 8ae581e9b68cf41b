package devserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	clusterDefaults = "/etc/postgresql-common/createcluster.conf"
	installLock     = "/run/souk-install.lock"
)

var errNoPostgres = errors.New("PostgreSQL is not installed: install its server " +
	"(Debian: apt-get install postgresql; macOS: brew install postgresql@17), " +
	"or set SOUK_POSTGRES_BIN to the folder that holds initdb and postgres")

// findPostgres returns the folder of PostgreSQL's programs: $SOUK_POSTGRES_BIN, the one on PATH, or the
// newest where Debian and Homebrew put them. If there is none it installs Debian's package, given root
// and apt-get.
func findPostgres(ctx context.Context, progress func(string)) (string, error) {
	if bin := os.Getenv("SOUK_POSTGRES_BIN"); bin != "" {
		if !hasPostgres(bin) {
			return "", fmt.Errorf("SOUK_POSTGRES_BIN=%s: no initdb, postgres and pg_isready there", bin)
		}
		return bin, nil
	}
	if bin, found := installedPostgres(); found {
		return bin, nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return "", errNoPostgres
	}
	if err := installPostgres(ctx, progress); err != nil {
		return "", fmt.Errorf("%w; installing it failed: %w", errNoPostgres, err)
	}
	bin, found := installedPostgres()
	if !found {
		return "", errNoPostgres
	}
	return bin, nil
}

func installedPostgres() (bin string, found bool) {
	var candidates []string
	if path, err := exec.LookPath("postgres"); err == nil {
		candidates = append(candidates, filepath.Dir(path))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		matches, _ := filepath.Glob(pattern) // fails only for a malformed pattern
		slices.SortFunc(matches, func(a, b string) int {
			return cmp.Compare(postgresVersion(b), postgresVersion(a))
		})
		candidates = append(candidates, matches...)
	}
	for _, candidate := range candidates {
		if hasPostgres(candidate) {
			return candidate, true
		}
	}
	return "", false
}

func hasPostgres(bin string) bool {
	for _, program := range []string{"initdb", "postgres", "pg_isready"} {
		if _, err := exec.LookPath(filepath.Join(bin, program)); err != nil {
			return false
		}
	}
	return true
}

// postgresVersion is the major version in a path such as /usr/lib/postgresql/15/bin, or zero.
func postgresVersion(bin string) int {
	version := strings.TrimPrefix(filepath.Base(filepath.Dir(bin)), "postgresql@")
	major, err := strconv.Atoi(version)
	if err != nil {
		return 0
	}
	return major
}

// installPostgres installs Debian's PostgreSQL without the cluster that the package would otherwise make and start.
func installPostgres(ctx context.Context, progress func(string)) error {
	installed := func() bool { _, found := installedPostgres(); return found }
	return installPackage(ctx, "postgresql", progress, installed, func() error {
		if _, err := os.Stat(clusterDefaults); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		err := os.MkdirAll(filepath.Dir(clusterDefaults), 0o755)
		if err == nil {
			err = os.WriteFile(clusterDefaults, []byte("create_main_cluster = false\n"), 0o644)
		}
		if err != nil {
			return fmt.Errorf("turn Debian's own cluster off: %w", err)
		}
		return nil
	})
}

// FindProgram returns the path of a program that is on PATH, or that Debian's package has brought there: it is installed if it is
// missing, given root and apt-get.
func FindProgram(ctx context.Context, name, debianPackage string, progress func(string)) (string, error) {
	find := func() (string, bool) {
		for _, candidate := range []string{name, "/usr/sbin/" + name} { // which is not on everybody's PATH
			if path, err := exec.LookPath(candidate); err == nil {
				return path, true
			}
		}
		return "", false
	}
	if path, found := find(); found {
		return path, nil
	}
	missing := fmt.Errorf("%s is not installed: install it (Debian: apt-get install %s)", name, debianPackage)
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return "", missing
	}
	installed := func() bool { _, found := find(); return found }
	if err := installPackage(ctx, debianPackage, progress, installed, func() error { return nil }); err != nil {
		return "", fmt.Errorf("%w; installing it failed: %w", missing, err)
	}
	path, found := find()
	if !found {
		return "", missing
	}
	return path, nil
}

// installPackage installs a package of Debian's. Of several test programs that find it missing, the first prepares and
// installs it.
func installPackage(ctx context.Context, name string, progress func(string), installed func() bool, prepare func() error) error {
	lock, err := os.Create(installLock)
	if err != nil {
		return fmt.Errorf("lock the installation: %w", err)
	}
	defer func() { _ = lock.Close() }() // which also unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock the installation: %w", err)
	}
	if installed() {
		return nil
	}
	if err := prepare(); err != nil {
		return err
	}
	report(progress, "installing "+name+" (apt-get install "+name+")")
	for _, args := range [][]string{
		{"update", "-qq"},
		{"install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", name},
	} {
		command := exec.CommandContext(ctx, "apt-get", args...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1")
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", args[0], err, joinLastLines(string(out)))
		}
	}
	return nil
}
