package productfile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// mark is how far the import of a file is. It stands in a file beside it until the import is done.
type mark struct {
	// File is the SHA-256 sum of the file, and Shop the address of the shop.
	File string `json:"file"`
	Shop string `json:"shop"`
	// Pieces counts the pieces of the file, and Done those that are imported.
	Pieces   int `json:"pieces"`
	Done     int `json:"done"`
	Created  int `json:"created"`
	Updated  int `json:"updated"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	// Again are the numbers of the groups that are sent once more at the end.
	Again []int `json:"again"`
}

// markSuffix is added to the name of a product file.
const markSuffix = ".souk-import"

// readMark reads the mark beside a file; found is false if there is none.
func readMark(path string) (m mark, found bool, err error) {
	content, err := os.ReadFile(path + markSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	if json.Unmarshal(content, &m) != nil {
		return mark{}, true, nil // not one of ours: that of another file
	}
	return m, true, nil
}

// sameImport reports whether two marks are of the same file in the same pieces, for the same shop.
func (m mark) sameImport(other mark) bool {
	return m.File == other.File && m.Shop == other.Shop && m.Pieces == other.Pieces && m.Done <= other.Pieces
}

// write replaces the mark beside a file in one step, so that it is never half written.
func (m mark) write(path string) error {
	content, err := json.Marshal(m)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+markSuffix+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path+markSuffix)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
	}
	return err
}

func removeMark(path string) error {
	if err := os.Remove(path + markSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
