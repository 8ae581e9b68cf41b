package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"souk/platform/identifier"
)

// madeSeparator stands between the parts of a SKU that the import makes.
const madeSeparator = ":"

// sharing says whose SKU a SKU in a file is.
type sharing int

const (
	// sharedByNone is a SKU of one row, and no SKU.
	sharedByNone sharing = iota
	sharedInProduct
	sharedByProducts
)

// skuUse is what a file does with a SKU.
type skuUse struct {
	// first is the first product with it.
	first  *listed
	shared sharing
	// wanted counts the new variants for which the import would make it.
	wanted int32
	// written means that a variant has it without the import making it, and claimed that this variant is valid.
	written, claimed bool
}

// noteSharing notes which products have which SKUs.
func (run *importRun) noteSharing(drafts []*draft) {
	for _, d := range drafts {
		product := run.file.byHandle[d.handle]
		for _, v := range d.variants {
			use, seen := run.skus[v.written]
			switch {
			case v.written == "":
				continue
			case !seen:
				use.first = product
			case use.first == product:
				use.shared = max(use.shared, sharedInProduct)
			default:
				use.shared = sharedByProducts
			}
			run.note(v.written, use)
		}
	}
}

// note sets the use of a SKU. The text of the row is not kept.
func (run *importRun) note(sku string, use skuUse) {
	if _, noted := run.skus[sku]; !noted {
		sku = strings.Clone(sku)
	}
	run.skus[sku] = use
}

// sharedSKUs returns the SKUs in drafts that several rows of the file have.
func (run *importRun) sharedSKUs(drafts []*draft) map[string]sharing {
	shared := map[string]sharing{}
	for _, d := range drafts {
		for _, v := range d.variants {
			if use := run.skus[v.written]; use.shared != sharedByNone {
				shared[v.written] = use.shared
			}
		}
	}
	return shared
}

// making is a new variant for which the import makes a SKU.
type making struct {
	*draftVariant
	draft *draft
	// readable is the SKU to use unless it is another's.
	readable string
}

// makings returns the new variants without a SKU of their own. Their SKUs are made of the SKU of the rows or the handle, and the
// options.
func (f *file) makings(shared map[string]sharing) (list []making) {
	for _, d := range f.drafts {
		for _, v := range d.variants {
			if v.SKU != "" {
				continue
			}
			parts := []string{v.written, d.handle}
			switch options := v.text(madeSeparator); {
			case v.written == "":
				parts = []string{d.handle, options}
			case shared[v.written] == sharedInProduct:
				parts = []string{v.written, options}
			default:
				parts = append(parts, options)
			}
			list = append(list, making{v, d, strings.Trim(strings.Join(parts, madeSeparator), madeSeparator)})
		}
	}
	return list
}

// giveSKUs sets the SKUs of new variants. The readable one is used if no other variant of the file or of the catalog has it, whatever the
// order of the rows. Otherwise, a hash of what the variant is makes it unique.
func (f *file) giveSKUs(list []making, used func(sku string, by *draft) bool) {
	for _, m := range list {
		m.SKU = m.readable
		if !identifier.ValidSKU(m.readable) || used(m.readable, m.draft) {
			m.SKU = m.hashed()
		}
		if m.written != "" {
			f.warn(m.row.about(columnSKU, "is the SKU of several rows; this variant has the SKU "+m.SKU))
		}
	}
}

// hashed returns the readable SKU, cut if need be, with a hash of handle, SKU and options.
func (m making) hashed() string {
	const digits = 12
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", m.draft.handle, m.written, m.values))
	head := identifier.CleanSKU(m.readable)
	for utf8.RuneCountInString(head) > 100-digits-1 || len(head) > 255-digits-1 {
		_, size := utf8.DecodeLastRuneInString(head)
		head = head[:len(head)-size]
	}
	return strings.TrimSpace(head) + "~" + hex.EncodeToString(sum[:])[:digits]
}
