package consul_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"souk/platform/consul"
)

func TestWrittenContentIsReadBackAndOnlyItsOwnerMayReadIt(t *testing.T) {
	t.Parallel()
	dir := consul.KeepDir(filepath.Join(t.TempDir(), "kept"))
	if content, err := dir.Read("peers/orders.json"); content != nil || err != nil {
		t.Errorf("before the write: %q, %v", content, err)
	}
	for _, want := range []string{"first", "second"} {
		if err := dir.Write("peers/orders.json", []byte(want)); err != nil {
			t.Fatal(err)
		}
		if content, err := dir.Read("peers/orders.json"); string(content) != want || err != nil {
			t.Errorf("%q, %v; want %q", content, err, want)
		}
	}
	err := filepath.WalkDir(string(dir), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAReaderNeverSeesPartialContent(t *testing.T) {
	t.Parallel()
	dir := consul.KeepDir(t.TempDir())
	var writers sync.WaitGroup
	for _, letter := range []string{"a", "b", "c", "d"} {
		writers.Go(func() {
			for range 20 {
				if err := dir.Write("x", bytes.Repeat([]byte(letter), 100_000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { writers.Wait(); close(ended) }()
	for reading := true; reading; {
		select {
		case <-ended:
			reading = false
		default:
		}
		content, err := dir.Read("x")
		if err != nil || len(content) > 0 && bytes.Count(content, content[:1]) != 100_000 {
			t.Fatalf("%d bytes, %v", len(content), err)
		}
	}
	if entries, err := os.ReadDir(string(dir)); err != nil || len(entries) != 1 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
}

func TestTheZeroDirStoresNothing(t *testing.T) {
	t.Parallel()
	var none consul.KeepDir
	if err := none.Write("x", []byte("x")); err != nil {
		t.Error(err)
	}
	if content, err := none.Read("x"); content != nil || err != nil {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAnUnusableFolderIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := consul.KeepDir(file)
	if err := dir.Write("x", nil); err == nil {
		t.Error("Write succeeded although the folder is a file")
	}
	if _, err := dir.Read("x"); err == nil {
		t.Error("Read succeeded although the folder is a file")
	}
}
