package words

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxWord is the maximum length of a word in characters. PostgreSQL refuses words of more than 2,046 bytes.
const maxWord = 100

var (
	word = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{N}\p{M}]*`)
	// possessive matches the s of Men's, but not the d of d'olive.
	possessive = regexp.MustCompile(`(\pL)['’ʼ](\pL)(\PL|$)`)
	// undivided are the scripts that write words without blanks between them.
	undivided = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}
)

// prolonged is a vowel sign of Katakana that Unicode counts among no script.
const prolonged = 'ー'

// A term is a word of a text.
type term struct {
	base string
	// also are its other spellings.
	also []string
	// chunk is the number of the text between blanks that the word stands in: 25mm is one, BDI-09164 as well.
	chunk int
	// pair is set for two characters of a text without blanks.
	pair bool
}

// split returns the words of a text.
func split(text string) (terms []term) {
	text = possessive.ReplaceAllString(fold(text), "$1$2$3")
	for chunk, piece := range strings.Fields(text) {
		for _, found := range word.FindAllString(piece, -1) {
			for _, part := range divide(found) {
				terms = append(terms, termsOf(part, chunk)...)
			}
		}
	}
	return terms
}

// divide splits a word where it changes between a script without blanks and another one.
func divide(word string) (parts []string) {
	start, before := 0, false
	for i, r := range word {
		now := r == prolonged || unicode.In(r, undivided...) || before && unicode.Is(unicode.M, r)
		if i > 0 && now != before {
			parts, start = append(parts, word[start:i]), i
		}
		before = now
	}
	return append(parts, word[start:])
}

// termsOf returns a word as one term, or, if its script has no blanks, as its pairs of characters.
func termsOf(word string, chunk int) (terms []term) {
	characters := []rune(word)
	if !unicode.In(characters[0], undivided...) || len(characters) < 2 {
		word = string(characters[:min(len(characters), maxWord)])
		base := plain(word)
		if base == "" { // it was nothing but Arabic letters made longer
			return nil
		}
		return []term{{base: base, also: spellings(word, base), chunk: chunk}}
	}
	for i := range len(characters) - 1 {
		terms = append(terms, term{base: string(characters[i : i+2]), chunk: chunk, pair: true})
	}
	return terms
}

// joined returns two neighboring words as one: moonstone. It is empty for words of a script without blanks.
func joined(a, b term) string {
	if a.pair || b.pair || len(a.base)+len(b.base) > 4*maxWord {
		return ""
	}
	return a.base + b.base
}

// chunks groups terms that have no blanks between them.
func chunks(terms []term) (groups [][]term) {
	for i, t := range terms {
		if i == 0 || t.chunk != terms[i-1].chunk {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], t)
	}
	return groups
}

// whole returns the words of a chunk as one, without the characters between them: bdi09164. It is empty for a single word.
func whole(chunk []term) string {
	var b strings.Builder
	for _, t := range chunk {
		b.WriteString(t.base)
	}
	if len(chunk) < 2 || b.Len() > 4*maxWord || slices.ContainsFunc(chunk, func(t term) bool { return t.pair }) {
		return ""
	}
	return b.String()
}

// bases returns the plain words of a text, joined by blanks.
func bases(terms []term) string {
	list := make([]string, len(terms))
	for i, t := range terms {
		list[i] = t.base
	}
	return strings.Join(list, " ")
}

func isNumber(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

func isLetters(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}
