// Package words turns the texts of products, and what shoppers search for, into the words by which they find each other. Accents,
// case, width and the spelling of umlauts make no difference, and compounds may be written apart or as one.
package words

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

var (
	// letters are those that Unicode does not decompose into a letter and an accent.
	letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th")
	// spelledOut are the letters that may be written with two.
	spelledOut = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")
	contracted = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u", "aa", "a")
	// accented are the scripts whose accents may be left out. In others, marks are vowels or other letters: ガ is not カ.
	accented = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic}
)

const (
	// The accent of й, which Russian counts as a letter of its own.
	breve = '\u0306'
	// Stretches Arabic words.
	tatweel = '\u0640'
)

// fold returns a text without differences of case and width, in Unicode's composed form. Accents are kept. Bytes that are no UTF-8
// are left out, because the character after one would not be folded.
func fold(text string) string {
	text = strings.ToValidUTF8(text, "")
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
}

// plain returns a folded word without accents.
func plain(word string) string {
	var b strings.Builder
	var base rune
	for _, r := range norm.NFD.String(word) {
		if !unicode.Is(unicode.Mn, r) {
			base = r
		} else if unicode.In(base, accented...) && (r != breve || !unicode.Is(unicode.Cyrillic, base)) {
			continue
		}
		if r != tatweel {
			b.WriteRune(r)
		}
	}
	return letters.Replace(norm.NFC.String(b.String()))
}

// spellings returns the other ways to write a folded word, so that Käse, Kaese and Kase are one. base is its plain form.
func spellings(word, base string) (also []string) {
	if out := plain(spelledOut.Replace(word)); out != base {
		also = append(also, out)
	}
	if short := contracted.Replace(base); short != base && len(short) > 2 {
		also = append(also, short)
	}
	return also
}
