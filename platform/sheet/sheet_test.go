package sheet

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func known(header []string) (n int) {
	for _, name := range header {
		if slices.Contains([]string{"Handle", "Title", "Price"}, strings.TrimSpace(name)) {
			n++
		}
	}
	return n
}

// read returns the rows of a text as "record@line cells"; damaged ones have a "!" in front.
func read(t *testing.T, text string) (rows []string) {
	t.Helper()
	r, err := NewReader(text, known)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	r.Key = slices.Index(r.Header, "Handle")
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		mark := ""
		if err != nil {
			mark = "!"
		}
		rows = append(rows, fmt.Sprintf("%s%d@%d %s", mark, row.Record, row.Line, strings.Join(row.Cells, "|")))
	}
}

func TestRowsAreReadFromFilesAsSpreadsheetsWriteThem(t *testing.T) {
	t.Parallel()
	want := []string{"2@2 a|A, \"x\"\nand y|1", "3@4 b|B|2"}
	table := "Handle,Title,Price\na,\"A, \"\"x\"\"\nand y\",1\nb,B,2\n"
	for name, text := range map[string]string{
		"commas":             table,
		"no end of line":     strings.TrimSuffix(table, "\n"),
		"CRLF":               strings.ReplaceAll(table, "\n", "\r\n"),
		"CR":                 strings.ReplaceAll(table, "\n", "\r"),
		"CR, LF in a cell":   "Handle,Title,Price\ra,\"A, \"\"x\"\"\nand y\",1\rb,B,2\r",
		"empty cells at end": "Handle,Title,Price\na,\"A, \"\"x\"\"\nand y\",1,,\nb,B,2,\n",
		"empty rows at end":  table + ",,\n,,\n\n",
		"semicolons":         "Handle;Title;Price\na;\"A, \"\"x\"\"\nand y\";1\nb;B;2\n",
		"tabs":               "Handle\tTitle\tPrice\na\t\"A, \"\"x\"\"\nand y\"\t1\nb\tB\t2\n",
		"empty columns":      "Handle,Title,Price,,\na,\"A, \"\"x\"\"\nand y\",1\nb,B,2\n",
		"blanks at quotes":   "Handle,Title,Price\na,\"A, \"\"x\"\"\nand y\" ,1\nb,B,2\n",
	} {
		var got []string
		for _, row := range read(t, text) {
			got = append(got, strings.TrimRight(row, "|"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := read(t, "sep=;\r\nHandle;Title,Price\r\na;b\r\n"); !slices.Equal(got, []string{"2@3 a|b"}) {
		t.Errorf("with a line that names the separator: %q", got)
	}
	if got := read(t, "\n\nHandle,Title\n\na,5\" pan\n"); !slices.Equal(got, []string{"5@5 a|5\" pan"}) {
		t.Errorf("with blank lines and an inch mark: %q", got)
	}
}

func TestAStrayQuotationMarkCostsOneRow(t *testing.T) {
	t.Parallel()
	lines := []string{"Handle,Title,Body,Price", "a,A,\"one\ntwo, three\",1", "b,B,\"x\",2", "c,C,,3", "d,D,\"say \"\"hi\"\"\",4", "e,E,\"\",5", "f,F,f,6"}
	for i, broken := range map[string]string{
		"a,\"A,\"one\ntwo, three\",1": "a", "a,A,\"one\ntwo, three\"\",1": "a", "a,A,\"one\ntwo, three,1": "a",
		"b,\"B,\"x\",2": "b", "b,B,\"x\"\",2": "b", "b,B,\"\"x\",2": "b", "\"b,B,\"x\",2": "b", "c,\"C,,3": "c", "c,C,\",3": "c", "c,C,,\"3": "c",
		"d,D,\"say \"hi\"\"\",4": "d", "e,E,\"\"\",5": "e", "f,\"F,f,6": "f",
	} {
		var file []string
		for _, line := range lines {
			if strings.HasPrefix(line, broken+",") {
				line = i
			}
			file = append(file, line)
		}
		got := read(t, strings.Join(file, "\n")+"\n")
		var lost, kept []string
		for _, row := range got {
			_, cells, _ := strings.Cut(row, " ")
			handle, _, _ := strings.Cut(cells, "|")
			if row[0] == '!' {
				lost = append(lost, handle)
			} else {
				kept = append(kept, handle)
			}
		}
		if !slices.Equal(lost, []string{broken}) || len(kept) != 5 {
			t.Errorf("%q: lost %q and kept %q", i, lost, kept)
		}
	}
	if got := read(t, "Handle,Title,Price\na,\"A,1\nb,\"B,2\nc,C,3\n"); !slices.Equal(got, []string{"!2@2 a|A|1", "!3@3 b|B|2", "4@4 c|C|3"}) {
		t.Errorf("with two damaged rows: %q", got)
	}
	if got := read(t, "Title,Handle,Price\n\"A, a\",a,\"\"1\n\"B, b\",b,2\n"); !slices.Equal(got, []string{"!2@2 A, a|a|1", "3@3 B, b|b|2"}) {
		t.Errorf("with damage after the handle: %q", got)
	}
	if got := read(t, "Handle,Title,Price\na,A,1,x\nb\n"); !slices.Equal(got, []string{"!2@2 a|A|1|x", "3@3 b"}) {
		t.Errorf("with a long and a short row: %q", got)
	}
}

func TestARowHasABoundedNumberOfCells(t *testing.T) {
	t.Parallel()
	got := read(t, "Handle,Title\na"+strings.Repeat(",", 1<<20)+"\nb,B\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], "!2@2 a|") || len(got[0]) > 3000 || got[1] != "3@3 b|B" {
		t.Errorf("%d rows, the first %.20q", len(got), got[0])
	}
}

func TestFilesAreDecoded(t *testing.T) {
	t.Parallel()
	const text = "Handle,Title\npâté,Größe € 5\n"
	encoded := func(content []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for name, content := range map[string][]byte{
		"UTF-8":        []byte(text),
		"UTF-8 ":       []byte("\uFEFF" + text),
		"UTF-16":       encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))),
		"UTF-16 ":      encoded(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))),
		"UTF-16  ":     encoded(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))),
		"UTF-16   ":    encoded(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))),
		"Windows-1252": encoded(charmap.Windows1252.NewEncoder().Bytes([]byte(text))),
	} {
		if got, encoding, err := Decode(content); got != text || string(encoding) != strings.TrimSpace(name) || err != nil {
			t.Errorf("%s: %q as %s, %v", name, got, encoding, err)
		}
	}
	if got, encoding, err := Decode([]byte("é,\xff")); got != "é,\xff" || encoding != UTF8 || err != nil {
		t.Errorf("a broken byte in UTF-8: %q as %s, %v", got, encoding, err)
	}
	if _, _, err := Decode([]byte("caf\x8e \x81")); !errors.Is(err, ErrEncoding) {
		t.Errorf("another encoding: %v, want ErrEncoding", err)
	}
}

// FuzzReader checks that every line of a text is read exactly once.
func FuzzReader(f *testing.F) {
	for _, text := range []string{"Handle,Title\na,b\n", "Handle\r\"a\n\r\"b\r", "sep=;\nHandle;x\n\"\"\";\n;", "\"Handle\n\",a\n\"\n\nx"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := NewReader(text, known)
		if err != nil {
			return
		}
		record, line := 1, 0
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if row.Record <= record-1 || row.Line < line || len(row.Cells) == 0 {
				t.Fatalf("row %d at line %d after row %d at line %d: %q", row.Record, row.Line, record, line, row.Cells)
			}
			record, line = row.Record, row.Line
		}
		if r.pos != len(text) {
			t.Errorf("read %d of %d bytes", r.pos, len(text))
		}
	})
}

func TestARowSaysWhichPartOfTheTextItTakes(t *testing.T) {
	t.Parallel()
	text := "Handle,Title,Price\n\na,\"A\n1\",1\nb,\"B\"x,2\nlost\nc,C,3"
	r, err := NewReader(text, known)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		parts = append(parts, text[row.Start:row.End])
	}
	want := []string{"a,\"A\n1\",1\n", "b,\"B\"x,2\nlost\n", "c,C,3"}
	if !slices.Equal(parts, want) {
		t.Errorf("they take %q, want %q", parts, want)
	}
}
