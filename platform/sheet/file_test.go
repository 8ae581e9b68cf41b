package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func TestAFileIsDetectedAsDecodeDoes(t *testing.T) {
	t.Parallel()
	latin, _ := charmap.Windows1252.NewEncoder().String("café;€\n")
	wide, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("Handle\tTitle\ncafé\tCafé\n")
	unmarked, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String("Handle\tTitle\ncafé\tCafé\n")
	long := strings.Repeat("a,b\n", 50_000)
	for _, text := range []string{
		"", "a,b\n", "\uFEFFa,b\n", "é\n", "\xe9 é\n", latin, wide, unmarked, long + "\xe9", long + "\x81", long + "\x81é", "\xe2\x82",
	} {
		want, wantEncoding, wantErr := Decode([]byte(text))
		encoding, mark, err := Detect(iotest.HalfReader(strings.NewReader(text)))
		if encoding != wantEncoding || !errors.Is(err, wantErr) {
			t.Errorf("%.20q is %s, %v; want %s, %v", text, encoding, err, wantEncoding, wantErr)
			continue
		}
		got := text[mark:]
		if err == nil && encoding != UTF8 {
			decoded, err := Decoded(strings.NewReader(text), encoding)
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(decoded)
			if err != nil {
				t.Fatal(err)
			}
			got = string(content)
		}
		if err == nil && got != want {
			t.Errorf("%.20q is read as %.20q, want %.20q", text, got, want)
		}
	}
}

// rowsOf returns the rows that a reader finds, as "record@line start-end cells"; damaged ones have a "!" in front.
func rowsOf(t *testing.T, r *Reader) (rows []string) {
	t.Helper()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		mark := ""
		if damage := new(DamageError); errors.As(err, &damage) {
			mark = "!"
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s%d@%d %d-%d %.50q", mark, row.Record, row.Line, row.Start, row.End, row.Cells))
	}
}

func TestALongFileIsReadAsOneInMemory(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("Handle,Title,Price\r\n")
	for i := range 110_000 {
		switch i % 1000 {
		case 500:
			fmt.Fprintf(&text, "h%d,\"a\nlong \"\"text\"\" %s\",1\r\n", i, strings.Repeat("x", i%5000))
		case 700:
			fmt.Fprintf(&text, "h%d,\"damaged\"x,1\r\nlost\r\n", i)
		case 800:
			text.WriteString("\r\n,,\r\n")
		default:
			fmt.Fprintf(&text, "h%d,Title of a product %d,%d.50\r\n", i, i, i)
		}
	}
	if text.Len() < 2*(ahead+portion) {
		t.Fatalf("the file has only %d bytes", text.Len())
	}
	whole, err := NewReader(text.String(), known)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := NewFileReader(strings.NewReader(text.String()), known)
	if err != nil {
		t.Fatal(err)
	}
	want, got := rowsOf(t, whole), rowsOf(t, parts)
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("row %d is %s, want %s", i, got[min(i, len(got)-1)], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("there are %d rows, want %d", len(got), len(want))
	}
}

func TestARowCanBeReadAgainByItsText(t *testing.T) {
	t.Parallel()
	text := "Handle;Title;Price\na;\"A; \"\"x\"\"\ny\";1\n"
	r, err := NewFileReader(strings.NewReader(text), known)
	if err != nil {
		t.Fatal(err)
	}
	row, err := r.Next()
	if err != nil || !slices.Equal(r.Parse(text[row.Start:row.End]), row.Cells) || len(row.Cells) != 3 {
		t.Errorf("the row is %q and then %q, %v", row.Cells, r.Parse(text[row.Start:row.End]), err)
	}
}

func TestARowMayNotBeEndless(t *testing.T) {
	t.Parallel()
	for name, long := range map[string]string{"one line": "a," + strings.Repeat("x", 3*ahead), "an open quotation mark": "a,\"" + strings.Repeat("x\n", 2*ahead)} {
		r, err := NewFileReader(strings.NewReader("Handle,Title,Price\n"+long+",1\nb,B,2\n"), known)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		rows := rowsOf(t, r)
		if !strings.HasPrefix(rows[0], "!2@2") || !strings.Contains(rows[len(rows)-1], `["b" "B" "2"]`) {
			t.Errorf("%s: the rows are %.200s", name, rows)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	if _, err := NewFileReader(iotest.ErrReader(broken), known); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	text := bytes.Repeat([]byte("a,b,c\n"), 1<<19)
	r, err := NewFileReader(io.MultiReader(strings.NewReader("Handle,Title,Price\n"), bytes.NewReader(text), iotest.ErrReader(broken)), known)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}
