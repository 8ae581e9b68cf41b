package words

import (
	"slices"
	"strings"
)

// MaxRun is the maximum number of words of a term with synonyms.
const MaxRun = 4

// MeaningOf returns the form in which a term with synonyms is compared: its plain words as one, without those that a product need not
// contain. So "tea light", "Tealight" and "tea-light" are one term. It is empty if the term has no words.
func MeaningOf(term string) string {
	terms := split(term)
	var b strings.Builder
	for _, t := range terms {
		if !unimportant[t.base] {
			b.WriteString(t.base)
		}
	}
	if b.Len() == 0 {
		return strings.ReplaceAll(bases(terms), " ", "")
	}
	return b.String()
}

// Meanings returns what synonyms are known for: the words of the search, and up to 4 neighbors together. Quoted and excluded words
// have no synonyms.
func (s *Search) Meanings() (meanings []string) {
	for _, parts := range s.alternatives {
		wanted, _ := s.operands(parts)
		for i := range wanted {
			for n := 1; n <= min(MaxRun, len(wanted)-i); n++ {
				meanings = append(meanings, meaningsOf(wanted[i:i+n])...)
			}
		}
	}
	slices.Sort(meanings)
	return slices.Compact(meanings)
}

// WithSynonyms returns the search with synonyms beside its own words. known maps the meanings of the search to the terms that have the
// same one.
func (s *Search) WithSynonyms(known map[string][]string) *Search {
	widened := *s
	widened.synonyms = known
	return &widened
}

// widened returns the operands of a search with synonyms as alternatives. Of several words with synonyms, the longest run counts: with
// "tea light" known, its light is no lamp.
func (s *Search) widened(wanted []operand) (widened []operand) {
	for len(wanted) > 0 {
		n, synonyms := s.longest(wanted)
		if len(synonyms) == 0 {
			widened, wanted = append(widened, wanted[0]), wanted[1:]
			continue
		}
		queries := []string{"(" + strings.Join(queriesOf(wanted[:n]), " & ") + ")"}
		for _, term := range synonyms {
			if terms := split(term); len(terms) > 0 {
				queries = append(queries, synonymQuery(terms))
			}
		}
		widened, wanted = append(widened, operand{query: "(" + strings.Join(queries, " | ") + ")"}), wanted[n:]
	}
	return widened
}

// longest returns the synonyms of the longest run of words that begins with the first one, and the number of its words.
func (s *Search) longest(wanted []operand) (n int, synonyms []string) {
	for n := min(MaxRun, len(wanted)); n > 0; n-- {
		for _, meaning := range meaningsOf(wanted[:n]) {
			synonyms = append(synonyms, s.synonyms[meaning]...)
		}
		if len(synonyms) > 0 {
			return n, synonyms
		}
	}
	return 0, nil
}

// meaningsOf returns what a run of words means: for a single word, in each of its spellings. There is none if one is not a plain word.
func meaningsOf(run []operand) (meanings []string) {
	if len(run) == 1 && run[0].word != nil {
		return run[0].word.forms()
	}
	var b strings.Builder
	for _, o := range run {
		if o.word == nil {
			return nil
		}
		b.WriteString(o.word.base)
	}
	return []string{b.String()}
}

// synonymQuery returns the query for products that contain a term, written apart or as one.
func synonymQuery(terms []term) string {
	if len(terms) == 1 {
		return alternatives(terms[0].forms(), "")
	}
	return strings.Join(compound(terms), " | ")
}
