package git

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Unpack writes the files of a commit that the services and the gateway are compiled from into a folder.
func (r Repository) Unpack(ctx context.Context, commit, folder string) error {
	archive, err := r.Bytes(ctx, "archive", commit, "proto", "platform", "services", "gateway")
	if err != nil {
		return err
	}
	for files := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && header.Typeflag == tar.TypeReg {
			err = write(filepath.Join(folder, header.Name), files)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", commit, err)
		}
	}
}

func write(path string, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
