package catalog

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/text/unicode/norm"

	"souk/platform/field"
	"souk/platform/sheet"
)

// File is a product file, which is read several times.
type File interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

// A batch ends with the first product beyond so many rows.
const batchRows = 1000

// textOf returns the text of a file as UTF-8. A file in another encoding gets a copy on disk, which done removes.
func textOf(content File) (text *io.SectionReader, encoding sheet.Encoding, done func(), err error) {
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", nil, err
	}
	whole := io.NewSectionReader(content, 0, size)
	encoding, mark, err := sheet.Detect(whole)
	if errors.Is(err, sheet.ErrEncoding) {
		return nil, "", nil, field.Invalid("body", err.Error())
	}
	if err != nil {
		return nil, "", nil, err
	}
	if encoding == sheet.UTF8 {
		return io.NewSectionReader(content, int64(mark), size-int64(mark)), encoding, func() {}, nil
	}
	text, done, err = decodedCopy(io.NewSectionReader(content, 0, size), encoding)
	return text, encoding, done, err
}

func decodedCopy(content io.Reader, encoding sheet.Encoding) (text *io.SectionReader, done func(), err error) {
	decoded, err := sheet.Decoded(content, encoding)
	if err != nil {
		return nil, nil, err
	}
	spool, err := NewSpool()
	if err != nil {
		return nil, nil, err
	}
	size, err := io.Copy(spool, decoded)
	if err != nil {
		spool.Close()
		return nil, nil, err
	}
	return io.NewSectionReader(spool, 0, size), spool.Close, nil
}

// Spool is a file on disk without a name, which ends with its use.
type Spool struct{ *os.File }

// NewSpool returns an empty file in the folder for temporary files.
func NewSpool() (*Spool, error) {
	file, err := os.CreateTemp("", "souk-import-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Spool{file}, nil
}

// Close gives up the space on disk.
func (s *Spool) Close() { _ = s.File.Close() }

// each reads the products that are not broken in batches, and has work go through the drafts of each. What is wrong with rows is added to a
// report.
func (f *file) each(ctx context.Context, to *report, work func() error) error {
	var batch []*listed
	rows := 0
	flush := func() error {
		if err := errors.Join(ctx.Err(), f.load(batch, to)); err != nil {
			return err
		}
		batch, rows = batch[:0], 0
		return work()
	}
	for _, p := range f.products {
		if p.broken {
			continue
		}
		batch, rows = append(batch, p), rows+len(p.rows)
		if rows >= batchRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// load reads the drafts of products.
func (f *file) load(products []*listed, to *report) error {
	reporting := f.reportingTo(to)
	f.drafts = make([]*draft, len(products))
	for i, p := range products {
		d := &draft{handle: p.handle, rows: make([]row, len(p.rows))}
		for n, at := range p.rows {
			text := make([]byte, at.end-at.start)
			if _, err := f.text.ReadAt(text, at.start); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			read := row{Row: sheet.Row{Cells: f.reader.Parse(string(text)), Record: int(at.record), Line: int(at.line)}, columns: f.columns.all}
			read.handle = norm.NFC.String(read.get(columnHandle))
			d.rows[n] = f.columns.compact(read)
		}
		d.read(reporting)
		f.drafts[i] = d
	}
	return nil
}

// reportingTo returns the same file with another report.
func (f *file) reportingTo(to *report) *file {
	other := *f
	other.report = to
	return &other
}
