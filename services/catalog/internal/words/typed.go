package words

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Typed is a search whose last word may not be complete. Dashes exclude nothing.
type Typed struct {
	*Search
	// before is the text before the last word.
	before string
	// last is the word that may not be complete; nil if the text ends with a phrase.
	last *term
	// typed are the words of the whole text.
	typed []term
	// pieces are those of the titles read so far, because titles have many in common.
	pieces map[string]piece
}

// piece is a part of a title between blanks.
type piece struct {
	terms []term
	// continued are the words in it that begin with the last one and are longer.
	continued []spelled
}

// spelled is a word and how a title spells it.
type spelled struct{ base, text string }

// ParseTyped reads what a shopper has typed so far.
func ParseTyped(text string) *Typed {
	t := &Typed{Search: Unexcluded(text), pieces: map[string]piece{}}
	t.typed = split(t.Whole)
	part := t.lastPart()
	if part == nil || part.phrase {
		return t
	}
	t.last = &part.terms[len(part.terms)-1]
	text = norm.NFC.String(text)
	if found := word.FindAllStringIndex(text, -1); len(found) > 0 {
		t.before = strings.Join(strings.Fields(text[:found[len(found)-1][0]]), " ")
		if strings.HasSuffix(text[:found[len(found)-1][0]], " ") {
			t.before += " "
		}
	}
	return t
}

// Beginning returns the last word, plain, if words of the vocabulary may begin with it; otherwise "".
func (t *Typed) Beginning() string {
	if t.last == nil || !t.last.isWord() {
		return ""
	}
	return t.last.base
}

// QueryOf returns the query for products that contain one of these words in place of the last one, or the last one itself.
func (t *Typed) QueryOf(words []string) string {
	if t.last == nil {
		return t.TSQuery()
	}
	t.lastPart().open = false
	t.corrections = map[string][]string{t.last.base: words}
	return t.TSQuery()
}

// QueryOfBeginning returns the query for products that contain a word that begins with the last one. A single letter is a word,
// because too many begin with it.
func (t *Typed) QueryOfBeginning() string {
	if t.last != nil {
		t.lastPart().open = utf8.RuneCountInString(t.last.base) >= 2
		t.corrections = nil
	}
	return t.TSQuery()
}

// Completions returns the text with its last word completed by words of titles, those of most titles first.
func (t *Typed) Completions(titles []string) (texts []string) {
	if t.last == nil || t.last.pair {
		return nil
	}
	spellings, counts := map[string]string{}, map[string]int{}
	for _, title := range titles {
		for base, spelling := range t.continuations(title) {
			counts[base]++
			spellings[base] = cmp.Or(spellings[base], spelling)
		}
	}
	bases := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, base := range bases {
		texts = append(texts, t.before+spellings[base])
	}
	return texts
}

// continuations returns the words of a title that begin with the last word and are longer, by their plain forms.
func (t *Typed) continuations(title string) map[string]string {
	found := map[string]string{}
	for _, piece := range t.piecesOf(title) {
		for _, word := range piece.continued {
			found[word.base] = word.text
		}
	}
	return found
}

// piecesOf divides a title at its blanks.
func (t *Typed) piecesOf(title string) (pieces []piece) {
	for text := range strings.FieldsSeq(title) {
		p, known := t.pieces[text]
		if !known {
			p.terms = split(text)
			if slices.ContainsFunc(p.terms, func(found term) bool { return t.last != nil && found.begins(*t.last) }) {
				p.continued = t.continued(text)
			}
			t.pieces[text] = p
		}
		pieces = append(pieces, p)
	}
	return pieces
}

func (t *Typed) continued(text string) (words []spelled) {
	for _, spelling := range word.FindAllString(norm.NFC.String(text), -1) {
		terms := split(spelling)
		if len(terms) == 1 && !terms[0].pair && !slices.Contains(terms[0].forms(), t.last.base) && terms[0].begins(*t.last) {
			words = append(words, spelled{terms[0].base, strings.ToLower(spelling)})
		}
	}
	return words
}

// begins reports whether a word begins with another, in one of their spellings.
func (t term) begins(with term) bool {
	return slices.ContainsFunc(t.forms(), func(form string) bool {
		return slices.ContainsFunc(with.forms(), func(beginning string) bool { return strings.HasPrefix(form, beginning) })
	})
}

// Distance says how far a title is from what was typed: 0 if it begins with it, 1 if it contains its words, 2 otherwise.
func (t *Typed) Distance(title string) int {
	var terms []term
	for _, piece := range t.piecesOf(title) {
		terms = append(terms, piece.terms...)
	}
	if strings.HasPrefix(bases(terms), t.Whole) {
		return 0
	}
	for i, wanted := range t.typed {
		contained := slices.ContainsFunc(terms, func(found term) bool {
			return found.base == wanted.base || i == len(t.typed)-1 && t.last != nil && found.begins(*t.last)
		})
		if !contained {
			return 2
		}
	}
	return 1
}
