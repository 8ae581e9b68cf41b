package words

import (
	"slices"
	"strings"
)

// Likeness compares titles with a search, of which it has the trigrams.
type Likeness []uint64

// LikenessTo returns the comparison with a plain text.
func LikenessTo(plain string) Likeness { return trigrams(plain) }

// Of returns how much a plain title is like the text, from 0 to 2. It is the sum of two: the share of their trigrams that both have, which is 1
// for the text itself, and the share of the text's trigrams that the title has, which is 1 for a title that contains the text. So of two
// titles that contain it, the shorter one is more like it.
func (l Likeness) Of(title string) float64 {
	if len(l) == 0 {
		return 0
	}
	others := trigrams(title)
	shared := common(l, others)
	all := len(l) + len(others) - shared
	return float64(shared)/float64(all) + float64(shared)/float64(len(l))
}

// trigrams returns the sequences of three characters in a plain text, sorted and each once. As in PostgreSQL's pg_trgm, a word has two blanks
// before it and one behind it.
func trigrams(plain string) []uint64 {
	const bits = 21 // of a character
	all := make([]uint64, 0, len(plain)+1)
	for word := range strings.FieldsSeq(plain) {
		first, second := ' ', ' '
		for _, third := range word + " " {
			all = append(all, uint64(first)<<(2*bits)|uint64(second)<<bits|uint64(third))
			first, second = second, third
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// common returns how many elements two sorted lists have in common.
func common(a, b []uint64) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n, a, b = n+1, a[1:], b[1:]
		}
	}
	return n
}
