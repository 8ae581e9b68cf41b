package replay

import (
	"strings"
	"testing"
)

// FuzzRead: what is read of a file of invoices is sales above nothing, and every line is a sale, a return or left out.
func FuzzRead(f *testing.F) {
	f.Add(monday)
	f.Add(tuesday)
	f.Add(header + "1,A,\"x\ny\",9223372036854775807,d,92233720368547758.07,1.0,UK\n1,A,x,1,d,92233720368547758.07,1.0,UK\n")
	f.Add(header + "C1,A,x,-9223372036854775808,d,1,1.0,UK\n")
	f.Fuzz(func(t *testing.T, text string) {
		books, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, invoice := range books.Invoices {
			for _, line := range invoice.Lines {
				if line.Quantity <= 0 || line.Price <= 0 {
					t.Errorf("invoice %+v", invoice)
				}
			}
			if invoice.Revenue() <= 0 {
				t.Errorf("invoice %+v comes to %d", invoice, invoice.Revenue())
			}
		}
		for _, back := range books.Returns {
			for _, line := range back.Lines {
				if line.Quantity <= 0 || line.Price <= 0 {
					t.Errorf("return %+v", back)
				}
			}
		}
	})
}
