package productfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"souk/platform/sheet"
)

// world stands for a shop behind its REST API. It refuses rows by their titles, and says which pieces it was sent.
type world struct {
	mu     sync.Mutex
	pieces []string
	// owners maps SKUs to the handles of their products.
	owners map[string]string
	// before is called with each request, and answers it if it returns true.
	before func(http.ResponseWriter, *http.Request) bool
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.before != nil && w.before(out, r) {
		return
	}
	switch r.URL.Path {
	case "/v1/sessions":
		_, _ = io.WriteString(out, `{"access_token":"a session"}`)
	case "/v1/product-imports":
		content, err := io.ReadAll(r.Body)
		if err != nil {
			out.WriteHeader(http.StatusBadRequest)
			return
		}
		w.pieces = append(w.pieces, string(content))
		_ = json.NewEncoder(out).Encode(w.imported(string(content)))
	default:
		out.WriteHeader(http.StatusNotFound)
	}
}

// imported answers a piece with the columns Handle, Title and Variant SKU.
func (w *world) imported(content string) (answer imported) {
	text, _, _ := sheet.Decode([]byte(content))
	reader, err := sheet.NewReader(text, countKnown)
	if err != nil {
		return answer
	}
	moved := map[string]string{}
	for {
		r, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		problem := Problem{Record: r.Record, Line: r.Line}
		switch {
		case err != nil:
			problem.Message = "is damaged"
			answer.Errors = append(answer.Errors, problem)
			continue
		case strings.HasPrefix(r.Cells[1], "bad"):
			problem.Handle, problem.Column, problem.Value = r.Cells[0], "Title", r.Cells[1]
			problem.Message = fmt.Sprintf("belongs to the product of line %d, which was left out", r.Line)
			answer.Errors = append(answer.Errors, problem)
			continue
		case strings.HasPrefix(r.Cells[1], "odd"):
			problem.Handle, problem.Message = r.Cells[0], "is odd"
			answer.Warnings = append(answer.Warnings, problem)
		}
		if owner := w.owners[r.Cells[2]]; owner != "" && owner != r.Cells[0] {
			problem.Handle, problem.Column, problem.Message = r.Cells[0], "Variant SKU", "SKU belongs to another product"
			answer.Errors = append(answer.Errors, problem)
			continue
		}
		moved[r.Cells[0]] = r.Cells[2]
		answer.Created++
	}
	for sku, owner := range w.owners {
		if given, ok := moved[owner]; ok && given != sku {
			delete(w.owners, sku)
		}
	}
	return answer
}

// shown is an Output that keeps what it was shown.
type shown struct {
	said, problems []string
	rows           int
}

func (s *shown) Say(line string)  { s.said = append(s.said, line) }
func (s *shown) Done(rows, _ int) { s.rows = rows }
func (s *shown) Problem(kind string, p Problem) {
	s.problems = append(s.problems, kind+": "+p.String())
}

// start starts a shop, and writes a product file.
func start(t *testing.T, w *world, content string) (shop *Shop, path string) {
	t.Helper()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	path = filepath.Join(t.TempDir(), "products.csv")
	writeFile(t, path, content)
	return &Shop{URL: server.URL, Token: "souk_key"}, path
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// long returns a file with a header and so many products of one row.
func long(rows int) string {
	var text strings.Builder
	text.WriteString("Handle,Title,Variant SKU\n")
	for i := range rows {
		fmt.Fprintf(&text, "p%d,T,S%d\n", i, i)
	}
	return text.String()
}

func TestALongFileIsSentInPieces(t *testing.T) {
	t.Parallel()
	w := &world{}
	content := strings.Replace(long(2500), "p1500,T", "p1500,bad", 1)
	content = strings.Replace(content, "p2,T,S2\n", "p2,\"T\nT\",S2\n\n", 1)
	shop, path := start(t, w, content)
	out := &shown{}
	err := Import(t.Context(), path, shop, out)
	var left *RowsError
	if !errors.As(err, &left) || left.Rows != 1 {
		t.Errorf("the error is %v, want that one row was left out", err)
	}
	if len(w.pieces) != 3 || out.rows != 2500 {
		t.Errorf("it was sent in %d pieces with %d rows, want 3 with 2500", len(w.pieces), out.rows)
	}
	want := []string{`error: row 1503 (line 1504), p1500: belongs to the product of line 1504, which was left out ("bad")`}
	if !slices.Equal(out.problems, want) {
		t.Errorf("it shows %q, want %q", out.problems, want)
	}
	if _, found, err := readMark(path); found || err != nil {
		t.Errorf("the mark is left, %v", err)
	}
}

func TestRowsThatBelongTogetherAreSentTogether(t *testing.T) {
	t.Parallel()
	w := &world{}
	content := long(1500) + "p3,T,X\nother,T,S7\n"
	shop, path := start(t, w, content)
	if err := Import(t.Context(), path, shop, &shown{}); err != nil {
		t.Fatal(err)
	}
	first := w.pieces[0]
	if !strings.Contains(first, "p3,T,S3\np3,T,X\n") || !strings.Contains(first, "p7,T,S7\nother,T,S7\n") || strings.Contains(w.pieces[1], "S7\n") {
		t.Errorf("the pieces are %.100q and %.100q", first, w.pieces[1])
	}
}

func TestADamagedRowIsInEachPieceAndReportedOnce(t *testing.T) {
	t.Parallel()
	w := &world{}
	shop, path := start(t, w, strings.Replace(long(2100), "p5,T", `p5,"T"x`, 1))
	out := &shown{}
	if err := Import(t.Context(), path, shop, out); err == nil {
		t.Error("the damaged row is no error")
	}
	for i, p := range w.pieces {
		if !strings.HasSuffix(p, "\np5,\"T\"x,S5\n") {
			t.Errorf("piece %d does not end with the damaged row", i)
		}
	}
	if !slices.Equal(out.problems, []string{"error: row 7: is damaged"}) {
		t.Errorf("it shows %q", out.problems)
	}
}

func TestAProductWhoseSKUIsGivenUpLaterIsSentAgain(t *testing.T) {
	t.Parallel()
	w := &world{owners: map[string]string{"S1": "p1200", "S2": "somebody"}}
	shop, path := start(t, w, strings.Replace(long(1500), "p1,T", "p1,odd", 1))
	out := &shown{}
	if err := Import(t.Context(), path, shop, out); err == nil {
		t.Error("a SKU of another product is no error")
	}
	if last := w.pieces[len(w.pieces)-1]; !strings.HasSuffix(last, "Handle,Title,Variant SKU\np1,odd,S1\np2,T,S2\n") {
		t.Errorf("sent at last was %.200q", last)
	}
	if want := []string{"error: row 4, p2: SKU belongs to another product", "warning: row 3, p1: is odd"}; !slices.Equal(out.problems, want) {
		t.Errorf("it shows %q, want %q", out.problems, want)
	}
}

func TestAnImportThatWasStoppedGoesOn(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	w := &world{}
	shop, path := start(t, w, long(2500))
	w.before = func(http.ResponseWriter, *http.Request) bool {
		if len(w.pieces) == 1 {
			stop()
			return true
		}
		return false
	}
	if err := Import(ctx, path, shop, &shown{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	w.before = nil
	out := &shown{}
	if err := Import(t.Context(), path, shop, out); err != nil {
		t.Fatal(err)
	}
	if len(w.pieces) != 3 || out.said[0] != "going on after 1000 of 2500 rows" || !strings.HasPrefix(out.said[1], "2500 rows: 2500 products created") {
		t.Errorf("%d pieces were sent; it says %q", len(w.pieces), out.said)
	}
}

func TestAFileThatHasChangedIsSentFromItsBeginning(t *testing.T) {
	t.Parallel()
	w := &world{}
	shop, path := start(t, w, long(1100))
	for _, content := range []string{`{"file":"of another","pieces":2,"done":1}`, "no JSON"} {
		writeFile(t, path+markSuffix, content)
		w.pieces = nil
		out := &shown{}
		if err := Import(t.Context(), path, shop, out); err != nil {
			t.Fatal(err)
		}
		if len(w.pieces) != 2 || !strings.Contains(out.said[0], "beginning anew") {
			t.Errorf("%d pieces were sent; it says %q", len(w.pieces), out.said)
		}
	}
}

func TestABusyShopIsWaitedFor(t *testing.T) {
	t.Parallel()
	busy := []int{http.StatusServiceUnavailable, http.StatusTooManyRequests}
	w := &world{before: func(out http.ResponseWriter, _ *http.Request) bool {
		if len(busy) == 0 {
			return false
		}
		out.Header().Set("Retry-After", "1")
		out.WriteHeader(busy[0])
		busy = busy[1:]
		return true
	}}
	shop, path := start(t, w, long(1))
	var waits []string
	shop.Waiting = func(_ error, wait time.Duration) { waits = append(waits, wait.String()) }
	if err := Import(t.Context(), path, shop, &shown{}); err != nil {
		t.Fatal(err)
	}
	if len(w.pieces) != 1 || !slices.Equal(waits, []string{"1s", "1s"}) {
		t.Errorf("%d pieces were sent after waits of %v", len(w.pieces), waits)
	}
}

func TestAShopThatRefusesIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	requests := 0
	w := &world{before: func(out http.ResponseWriter, _ *http.Request) bool {
		requests++
		out.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(out, `{"detail":"The token lacks the scope.","errors":[{"field":"scope","message":"is catalog:write"}]}`)
		return true
	}}
	shop, path := start(t, w, long(1))
	err := Import(t.Context(), path, shop, &shown{})
	if requests != 1 || err == nil || !strings.Contains(err.Error(), "403 Forbidden: The token lacks the scope. scope: is catalog:write.") {
		t.Errorf("after %d requests the error is %v", requests, err)
	}
}

func TestASessionThatExpiresIsReplaced(t *testing.T) {
	t.Parallel()
	logins := 0
	w := &world{}
	w.before = func(out http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v1/sessions" {
			logins++
			return false
		}
		if r.Header.Get("Authorization") != "Bearer a session" || len(w.pieces) == 1 && logins == 1 {
			out.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}
	shop, path := start(t, w, long(1100))
	shop.Token, shop.Email, shop.Password = "", "staff@souk.example", "secret"
	if err := Import(t.Context(), path, shop, &shown{}); err != nil || logins != 2 || len(w.pieces) != 2 {
		t.Errorf("after %d logins and %d pieces: %v", logins, len(w.pieces), err)
	}
}

func TestAFileInAnyFormIsSentAsUTF8(t *testing.T) {
	t.Parallel()
	latin, err := charmap.Windows1252.NewEncoder().String("sep=;\r\nHandle;Title;Variant SKU\r\ncafé;Café;C")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	shop, path := start(t, w, latin)
	out := &shown{}
	if err := Import(t.Context(), path, shop, out); err != nil {
		t.Fatal(err)
	}
	if want := "\uFEFFsep=;\r\nHandle;Title;Variant SKU\r\ncafé;Café;C\r\n"; w.pieces[0] != want {
		t.Errorf("sent was %q, want %q", w.pieces[0], want)
	}
	if len(out.problems) != 1 || !strings.Contains(out.problems[0], "Windows-1252") {
		t.Errorf("it shows %q", out.problems)
	}
}

func TestAFileWithoutHandlesIsRefused(t *testing.T) {
	t.Parallel()
	shop, path := start(t, &world{}, "Title,Price\nMug,1\n")
	if err := Import(t.Context(), path, shop, &shown{}); !errors.Is(err, errNoHandle) {
		t.Errorf("the error is %v", err)
	}
}
