package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// acquire takes the lock that prevents two shops from running on the same data. The lock is released when the file is closed or the
// process ends.
func acquire(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("a shop is already running on %s", filepath.Dir(path))
	}
	return file, nil
}
