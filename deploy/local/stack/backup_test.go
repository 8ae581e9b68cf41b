package stack

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// writeBackup writes a complete backup that has only the secrets.
func writeBackup(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, secretsFile), []byte(`{"staff": "s"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := m.add(folder, secretsFile, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := m.write(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// What the other services have forgotten is done again from the orders, and each order needs its customer.
func TestOrdersAreCopiedAfterWhatBelongsToThem(t *testing.T) {
	t.Parallel()
	parts := BackupParts()
	if n := len(parts); n != len(relational)+1 || parts[n-2] != "orders" || parts[n-1] != Mongo {
		t.Errorf("the parts are %v", parts)
	}
	if sorted := slices.Sorted(slices.Values(parts)); len(slices.Compact(sorted)) != len(parts) {
		t.Errorf("a part is copied twice: %v", parts)
	}
}

func TestABackupThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(folder string) error{
		"not a complete backup":           func(folder string) error { return os.Remove(filepath.Join(folder, manifestFile)) },
		"is not the file that was backed": func(folder string) error { return os.WriteFile(filepath.Join(folder, secretsFile), nil, 0o600) },
		"no such file":                    func(folder string) error { return os.Remove(filepath.Join(folder, secretsFile)) },
		"is not in the backup": func(folder string) error {
			return os.WriteFile(filepath.Join(folder, manifestFile), []byte(`{"files": [{"name": "../../etc/passwd"}]}`), 0o600)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			folder, dir := writeBackup(t), t.TempDir()
			if err := spoil(folder); err != nil {
				t.Fatal(err)
			}
			if err := Restore(t.Context(), Config{Dir: dir}, folder); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("restore: %v, want an error that says %s", err, what)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("%v, %v are in the folder", entries, err)
			}
		})
	}
}

func TestAShopWithDataIsNotOverwritten(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "mongo", "consul", secretsFile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Dir: t.TempDir()}
			paths, err := data(cfg)
			if err != nil {
				t.Fatal(err)
			}
			path := paths[0] // that of PostgreSQL may be elsewhere
			if name != "postgres" {
				path = cfg.path(name)
			}
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(path) })
			err = Restore(t.Context(), cfg, writeBackup(t))
			if err == nil || !strings.Contains(err.Error(), "make reset") {
				t.Errorf("restore: %v, want an error that tells how to delete the data", err)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the data is gone: %v", err)
			}
		})
	}
}

// It is not parallel, because a process that another test starts has the lock as well until it runs its program.
func TestARunningShopIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := Restore(t.Context(), Config{Dir: dir}, writeBackup(t)); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("restore: %v", err)
	}
}

func TestABackupIsMadeOfARunningShopInAnEmptyFolder(t *testing.T) {
	t.Parallel()
	cfg := Config{GatewayAddr: "127.0.0.1:0", Dir: t.TempDir()}
	if err := cfg.settle(); err != nil {
		t.Fatal(err)
	}
	if err := (Backup{Folder: t.TempDir()}).Make(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no shop is running") {
		t.Errorf("without a shop: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeEmpty(full); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("in a full folder: %v", err)
	}
	fresh := filepath.Join(t.TempDir(), "new", "folder")
	if err := makeEmpty(fresh); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(fresh); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v; want a folder for its owner only", info, err)
	}
}
