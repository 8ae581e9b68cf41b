package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// filler returns so many rows of products, so that the rows around them are in different batches.
func filler(from, rows int) string {
	var text strings.Builder
	for i := range rows {
		fmt.Fprintf(&text, "filler-%d,Filler,,F%d,1\n", from+i, from+i)
	}
	return text.String()
}

const batchHeader = "Handle,Title,Option1 Value,Variant SKU,Variant Price\n"

// skusOf returns the SKUs of a product.
func skusOf(t *testing.T, s *catalog.Service, slug string) (skus []string) {
	t.Helper()
	p, err := s.Product(t.Context(), slug)
	if err != nil {
		t.Fatalf("%s: %v", slug, err)
	}
	for _, v := range p.Variants {
		skus = append(skus, v.SKU)
	}
	return skus
}

func TestRowsOfAProductMayBeFarApart(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := load(t, s, batchHeader+"tea-mug,Tea Mug,S,MUG-S,1\n"+filler(0, 2500)+"tea-mug,,L,MUG-L,2\n")
	if skus := skusOf(t, s, "tea-mug"); got.Created != 2501 || got.Variants != 2502 || len(got.Errors) > 0 || !slices.Equal(skus, []string{"MUG-S", "MUG-L"}) {
		t.Errorf("%d created, %d variants, errors %v, SKUs %v", got.Created, got.Variants, got.Errors, skus)
	}
}

func TestProductsFarApartShareSKUsAndSlugs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := load(t, s, batchHeader+"Red Mug!,Mug,,SAME,1\n"+filler(0, 1500)+"red-mug,Mug,,SAME,2\n")
	if len(got.Errors) > 0 || len(got.Warnings) != 2 || got.Warnings[0].Record != 2 || got.Warnings[1].Record != 1503 {
		t.Fatalf("errors %v, warnings %v", got.Errors, got.Warnings)
	}
	if first, second := skusOf(t, s, "red-mug-2"), skusOf(t, s, "red-mug"); !slices.Equal(first, []string{"SAME:Red Mug!"}) || !slices.Equal(second, []string{"SAME:red-mug"}) {
		t.Errorf("the SKUs are %v and %v", first, second)
	}
}

func TestProductsFarApartExchangeSKUs(t *testing.T) {
	t.Parallel()
	s := setup(t)
	file := func(first, second string) string {
		return batchHeader + "cup,Cup,," + first + ",1\n" + filler(0, 1500) + "pot,Pot,," + second + ",1\n"
	}
	load(t, s, file("A", "B"))
	got := load(t, s, file("B", "A"))
	if cup, pot := skusOf(t, s, "cup"), skusOf(t, s, "pot"); len(got.Errors) > 0 || got.Updated != 2 || cup[0] != "B" || pot[0] != "A" {
		t.Errorf("%d updated, errors %v; cup has %v and pot %v", got.Updated, got.Errors, cup, pot)
	}
	got = load(t, s, file("C", "B"))
	if cup, pot := skusOf(t, s, "cup"), skusOf(t, s, "pot"); len(got.Errors) > 0 || got.Updated != 2 || cup[0] != "C" || pot[0] != "B" {
		t.Errorf("%d updated, errors %v; cup has %v and pot %v", got.Updated, got.Errors, cup, pot)
	}
}

func TestAProductThatCannotBeWrittenCostsNoOtherOfItsTransaction(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, batchHeader+"owner,Owner,,TAKEN,1\n")
	got := load(t, s, batchHeader+filler(0, 50)+"thief,Thief,,TAKEN,1\n"+filler(50, 50))
	if got.Created != 100 || len(got.Errors) != 1 || got.Errors[0].Handle != "thief" || got.Errors[0].Record != 52 {
		t.Errorf("%d created, errors %v", got.Created, got.Errors)
	}
}

func TestADamagedRowFarAwayRemovesNoVariant(t *testing.T) {
	t.Parallel()
	s := setup(t)
	load(t, s, batchHeader+"tea-mug,Tea Mug,S,MUG-S,1\ntea-mug,,L,MUG-L,1\n")
	got := load(t, s, batchHeader+"tea-mug,Tea Mug,S,MUG-S,3\n"+filler(0, 1500)+"?,\"broken\"x\n")
	if skus := skusOf(t, s, "tea-mug"); len(got.Errors) != 1 || got.Errors[0].Record != 1503 || len(skus) != 2 {
		t.Errorf("errors %v, SKUs %v", got.Errors, skus)
	}
}

func TestALongFileInUTF16IsImported(t *testing.T) {
	t.Parallel()
	s := setup(t)
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(batchHeader + "café,Café,,C,1\n" + filler(0, 1200))
	if err != nil {
		t.Fatal(err)
	}
	if got := load(t, s, wide); got.Created != 1201 || len(got.Errors) > 0 {
		t.Errorf("%d created, errors %v", got.Created, got.Errors)
	}
	if _, err := s.Product(t.Context(), "café"); err != nil {
		t.Error(err)
	}
}

// brokenDisk is a file of which only the beginning can be read again.
type brokenDisk struct{ *strings.Reader }

var errDisk = errors.New("the disk is broken")

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestAFileThatCannotBeReadIsNoBadFile(t *testing.T) {
	t.Parallel()
	var invalid *field.Error
	if _, err := setup(t).Import(t.Context(), brokenDisk{strings.NewReader(batchHeader + "a,A,,A,1\n")}); !errors.Is(err, errDisk) || errors.As(err, &invalid) {
		t.Errorf("the error is %v", err)
	}
}
