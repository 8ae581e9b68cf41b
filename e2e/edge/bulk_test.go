package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

// The variants of each product of a long file.
const bulkVariants = 4

// The most memory that a process may need while it imports or exports, in bytes.
const (
	mostImporting = 200 << 20
	mostExporting = 100 << 20
)

// TestALongFileIsImportedInOneRequest imports SOUK_BULK rows (2,000 unless told), imports them again, and exports them. It measures the
// time and how much memory the processes need at most.
func TestALongFileIsImportedInOneRequest(t *testing.T) {
	rows := 2000
	if text := os.Getenv("SOUK_BULK"); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil {
			t.Fatalf("SOUK_BULK: %v", err)
		}
	}
	s := start(t)
	staff, _, err := shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	file := bulkFile(rows)
	first := bulkImport(t, s, staff.Token, file)
	if first.Created != rows/bulkVariants || first.Variants != rows || len(first.Errors) > 0 {
		t.Errorf("the import answers %d created, %d variants and %v", first.Created, first.Variants, first.Errors)
	}
	again := bulkImport(t, s, staff.Token, file)
	if again.Created+again.Updated != 0 || again.Variants != rows {
		t.Errorf("the second import answers %d created, %d updated", again.Created, again.Updated)
	}
	// A process gives memory back late, so new ones show what an export needs.
	for _, name := range []string{"catalog", stack.Gateway} {
		if err := errors.Join(s.Kill(name), s.Restart(t.Context(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := poll.Until(t.Context(), time.Minute, func(ctx context.Context) error {
		return staff.Do(ctx, http.MethodGet, "/v1/products/bulk-product-1", nil, nil)
	}); err != nil {
		t.Fatal(err)
	}
	if lines := bulkExport(t, s, staff.Token); lines != rows+1 {
		t.Errorf("the export has %d lines, want %d", lines, rows+1)
	}
}

// bulkFile returns a file with so many variants.
func bulkFile(rows int) []byte {
	var file bytes.Buffer
	file.WriteString("Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Image Src\n")
	for i := range rows {
		product, variant := i/bulkVariants, i%bulkVariants
		head := ",,,,,Size"
		if variant == 0 {
			head = fmt.Sprintf("Product %d of a long file,\"<p>What is said about product %d, %s.</p><ul><li>One</li><li>Two</li></ul>\",Brand %d,Category %d,\"bulk, tag %d\",Size",
				product, product, strings.Repeat("in many words ", 20), product%50, product%200, product%30)
		}
		fmt.Fprintf(&file, "bulk-product-%d,%s,Size %d,BULK-%d-%d,%d,%d,%d.99,https://img.example/products/%d/%d.jpg\n",
			product, head, variant, product, variant, 100+variant, 10+i%7, 5+i%90, product, variant)
	}
	return file.Bytes()
}

// bulkImport imports a file in one request.
func bulkImport(t *testing.T, s *testshop.Shop, token string, file []byte) (imported shop.Import) {
	t.Helper()
	measure(t, s, mostImporting, fmt.Sprintf("import of %.1f MiB", float64(len(file))/(1<<20)), func() {
		resp := bulkRequest(t, http.MethodPost, s.URL()+"/v1/product-imports", token, bytes.NewReader(file))
		if err := json.NewDecoder(resp).Decode(&imported); err != nil {
			t.Fatal(err)
		}
	})
	return imported
}

// bulkExport exports the catalog, and returns how many lines it has.
func bulkExport(t *testing.T, s *testshop.Shop, token string) (lines int) {
	t.Helper()
	measure(t, s, mostExporting, "export", func() {
		content, err := io.ReadAll(bulkRequest(t, http.MethodGet, s.URL()+"/v1/product-exports", token, nil))
		if err != nil {
			t.Fatal(err)
		}
		lines = bytes.Count(content, []byte("\n"))
	})
	return lines
}

func bulkRequest(t *testing.T, method, url, token string, body io.Reader) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "text/csv")
	}
	resp, err := (&http.Client{Transport: shop.Held(http.DefaultTransport)}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		content, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %.500s", resp.StatusCode, content)
	}
	return resp.Body
}

// measure runs work and reports its time, and the most memory that the processes had in the meantime.
func measure(t *testing.T, s *testshop.Shop, most int64, what string, work func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	peaks := make(chan map[string]int64)
	names := []string{"catalog", "inventory", stack.Gateway}
	go func() {
		peak := map[string]int64{}
		for ctx.Err() == nil {
			for _, name := range names {
				peak[name] = max(peak[name], resident(t, s.Process(name).PID()))
			}
			time.Sleep(20 * time.Millisecond)
		}
		peaks <- peak
	}()
	begun := time.Now()
	work()
	took := time.Since(begun)
	stop()
	peak := <-peaks
	for _, name := range names {
		if peak[name] > most {
			t.Errorf("%s: %s needed %d MiB, want at most %d", what, name, peak[name]>>20, most>>20)
		}
	}
	t.Logf("measured: %s in %.1f s; at most %d MiB in catalog, %d in the gateway, %d in inventory", what, took.Seconds(),
		peak["catalog"]>>20, peak[stack.Gateway]>>20, peak["inventory"]>>20)
}
