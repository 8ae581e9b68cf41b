package replay

import (
	"io"
	"maps"
	"reflect"
	"strings"
	"testing"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

const monday = header + `1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HEART,4,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HEART,1,2010-12-01 08:26:00,2.95,17850.0,United Kingdom
2,22633,"WARMER, HAND",2,2010-12-01 08:28:00,1.85,,France
C3,22633,HAND,-2,2010-12-01 08:28:00,1.85,17850.0,France
4,22633,HAND,-2,2010-12-01 08:28:00,1.85,,France
5,22633,,10,2010-12-01 08:28:00,0.0,,France
`

const tuesday = header + `6,85123A,HEART,5,2010-12-02 08:26:00,2.55,17850.0,United Kingdom
C7,85123A,HEART,-12,2010-12-02 08:26:00,2.55,17850.0,United Kingdom
C7,85123A,HEART,-1,2010-12-02 08:26:00,2.95,17850.0,United Kingdom
C8,85123A,HEART,-4,2010-12-02 08:26:00,2.55,17850.0,United Kingdom
C9,22633,HAND,-2,2010-12-02 08:28:00,1.85,,France
`

func mustRead(t *testing.T, files ...string) *Books {
	t.Helper()
	var readers []io.Reader
	for _, file := range files {
		readers = append(readers, strings.NewReader(file))
	}
	books, err := Read(readers...)
	if err != nil {
		t.Fatal(err)
	}
	return books
}

func TestReadKeepsSalesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	books := mustRead(t, monday)
	if len(books.Invoices) != 2 || len(books.Variants) != 3 || books.Lines != 7 {
		t.Fatalf("%d invoices, %d variants, %d lines; want 2, 3 and 7", len(books.Invoices), len(books.Variants), books.Lines)
	}
	first := books.Invoices[0]
	if len(first.Lines) != 2 || first.Lines[0].Quantity != 10 || first.Lines[0].SKU != "85123A-255" || first.Revenue() != 10*255+295 || first.Customer != "17850" {
		t.Errorf("first invoice = %+v", first)
	}
	want := map[string]int{"return of what the customer did not buy before": 1, "quantity not above 0": 1, "price not above 0": 1}
	if !maps.Equal(books.LeftOut, want) {
		t.Errorf("left out %v, want %v", books.LeftOut, want)
	}
}

func TestACancellationReturnsWhatTheCustomerBoughtBefore(t *testing.T) {
	t.Parallel()
	books := mustRead(t, monday, tuesday)
	want := []Return{
		{Number: "C7", Invoice: "1", Lines: []Line{{"85123A-255", 10, 255}, {"85123A-295", 1, 295}}},
		{Number: "C7", Invoice: "6", Lines: []Line{{"85123A-255", 2, 255}}},
	}
	if !reflect.DeepEqual(books.Returns, want) {
		t.Errorf("returns %+v, want %+v", books.Returns, want)
	}
	// C8 would send back more than the three that are left.
	if books.LeftOut["return of what the customer did not buy before"] != 2 || books.LeftOut["return without a customer"] != 1 {
		t.Errorf("left out %v", books.LeftOut)
	}
}

func TestAReportThatDiffersIsNotOK(t *testing.T) {
	t.Parallel()
	for want, report := range map[bool]Report{
		true:  {Rows: []Row{{Name: "lines", Invoices: 2, Shop: 2}}},
		false: {Rows: []Row{{Name: "revenue", Invoices: 200, Shop: 201, Pence: true}}},
	} {
		if got := report.OK(); got != want {
			t.Errorf("%+v: OK = %v, want %v", report, got, want)
		}
	}
	var out strings.Builder
	report := Report{Rows: []Row{{Name: "revenue", Invoices: 5896079, Shop: 5896078, Pence: true}}}
	if err := report.Print(&out); err != nil || !strings.Contains(out.String(), "58960.79 GBP") || !strings.Contains(out.String(), "DIFFERS") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
