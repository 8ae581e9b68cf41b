package replay

import (
	"strings"
	"testing"
)

const invoices = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HEART,4,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HEART,1,2010-12-01 08:26:00,2.95,17850.0,United Kingdom
2,22633,"WARMER, HAND",2,2010-12-01 08:28:00,1.85,,France
C3,22633,HAND,-2,2010-12-01 08:28:00,1.85,17850.0,France
4,22633,HAND,-2,2010-12-01 08:28:00,1.85,,France
5,22633,,10,2010-12-01 08:28:00,0.0,,France
`

func TestReadKeepsSalesAndCountsTheRest(t *testing.T) {
	t.Parallel()
	day, err := Read(strings.NewReader(invoices))
	if err != nil {
		t.Fatal(err)
	}
	if len(day.Invoices) != 2 || len(day.Variants) != 3 || day.Lines != 7 {
		t.Fatalf("%d invoices, %d variants, %d lines; want 2, 3 and 7", len(day.Invoices), len(day.Variants), day.Lines)
	}
	first := day.Invoices[0]
	if len(first.Lines) != 2 || first.Lines[0].Quantity != 10 || first.Lines[0].SKU != "85123A-255" || first.Revenue() != 10*255+295 || first.Customer != "17850" {
		t.Errorf("first invoice = %+v", first)
	}
	for reason, want := range map[string]int{"cancellation": 1, "quantity not above 0": 1, "price not above 0": 1} {
		if day.LeftOut[reason] != want {
			t.Errorf("left out as %s: %d, want %d", reason, day.LeftOut[reason], want)
		}
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
