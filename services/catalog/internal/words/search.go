package words

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Search is what a shopper searches for.
type Search struct {
	// Plain is the text with plain words alone, and without what is excluded.
	Plain string
	// Whole is the same with all words, as if no dash meant an exclusion.
	Whole string
	// Excludes is set if a dash excludes a word.
	Excludes bool
	// exact is set if quotes or exclusions say which words are meant.
	exact bool
	// alternatives are separated by "or".
	alternatives [][]part
	corrections  map[string][]string
	// synonyms maps what words of the search mean to other terms for it.
	synonyms map[string][]string
	// completions are all words that the last one may be the beginning of. It may be that of any word if there are none.
	completions []string
}

// part is a word, a phrase, or an exclusion of either.
type part struct {
	terms    []term
	phrase   bool
	excluded bool
	// open is set for the last word of a search, which may still be typed.
	open bool
}

// unimportant are words that a product need not contain.
var unimportant = map[string]bool{}

func init() {
	for _, word := range strings.Fields("a an and are as at be by for from in is it its of on or the this to with") {
		unimportant[word] = true
	}
}

// Parse reads a search: words, "phrases", -exclusions, and "or". A dash excludes a word only if it stands at its beginning.
func Parse(text string) *Search {
	s := &Search{alternatives: [][]part{nil}}
	s.read(text, false)
	return s
}

// Unexcluded returns a search for the same words in which dashes exclude nothing.
func Unexcluded(text string) *Search {
	s := &Search{alternatives: [][]part{nil}}
	s.read(text, true)
	return s
}

func (s *Search) read(text string, dashes bool) {
	s.Whole = bases(split(text))
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		p := part{}
		if after, ok := strings.CutPrefix(rest, "-"); ok && !dashes && startsWord(after) {
			p.excluded, rest = true, after
		}
		var piece string
		if piece, rest, p.phrase = next(rest); p.phrase || p.excluded {
			s.exact = true
		}
		if strings.EqualFold(piece, "or") && !p.excluded && !p.phrase && rest != "" && len(s.alternatives[len(s.alternatives)-1]) > 0 {
			s.alternatives = append(s.alternatives, nil)
			continue
		}
		p.terms = split(piece)
		p.open = rest == "" && !p.phrase && !p.excluded && unfinished(piece)
		s.add(p)
	}
	s.alternatives = slices.DeleteFunc(s.alternatives, func(parts []part) bool { return !slices.ContainsFunc(parts, required) })
	var wanted []term
	for _, parts := range s.alternatives {
		for _, p := range parts {
			if required(p) {
				wanted = append(wanted, p.terms...)
			}
		}
	}
	s.Plain = bases(wanted)
}

func (s *Search) add(p part) {
	if len(p.terms) == 0 {
		return
	}
	s.Excludes = s.Excludes || p.excluded
	last := len(s.alternatives) - 1
	s.alternatives[last] = append(s.alternatives[last], p)
}

func required(p part) bool { return !p.excluded }

// startsWord reports whether a dash before text excludes a word or a phrase.
func startsWord(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r) || unicode.IsNumber(r) || r == '"' && strings.Contains(text[1:], `"`)
}

// next cuts off a phrase or the text before the next blank. A quotation mark inside a text means inches.
func next(text string) (piece, rest string, phrase bool) {
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		if piece, rest, ok = strings.Cut(quoted, `"`); ok {
			return piece, rest, true
		}
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		return text, "", false
	}
	return text[:end], text[end:], false
}

// unfinished reports whether a shopper may still be typing a word. Codes such as SKUs are meant as they are.
func unfinished(piece string) bool {
	return utf8.RuneCountInString(piece) >= 2 && isLetters(piece) || piece != "" && strings.IndexFunc(piece, func(r rune) bool { return !unicode.In(r, undivided...) }) < 0
}

// Last returns the last word, plain, if it matches as the beginning of a word, and if it has one spelling alone; otherwise "".
func (s *Search) Last() string {
	p := s.lastPart()
	if p == nil || !p.open {
		return ""
	}
	last := p.terms[len(p.terms)-1]
	if len(last.also) > 0 || !last.isWord() {
		return ""
	}
	return last.base
}

// Completed returns the search with the last word as the beginning of these words alone.
func (s *Search) Completed(words []string) *Search {
	completed := *s
	completed.completions = words
	return &completed
}

// lastPart returns the last part of the search, or nil if it has no words.
func (s *Search) lastPart() *part {
	if s.Empty() {
		return nil
	}
	parts := s.alternatives[len(s.alternatives)-1]
	return &parts[len(parts)-1]
}

// Empty reports whether the search has no words.
func (s *Search) Empty() bool { return len(s.alternatives) == 0 }

// Misspelled returns the words that may be misspelled. There are none if quotes or exclusions say which words are meant.
func (s *Search) Misspelled() (words []string) {
	if s.exact {
		return nil
	}
	for _, parts := range s.alternatives {
		for _, p := range parts {
			for _, t := range p.terms {
				if correctable(t.base) && !t.pair && !unimportant[t.base] && !slices.Contains(words, t.base) {
					words = append(words, t.base)
				}
			}
		}
	}
	return words[:min(len(words), maxAsked)]
}

// Correct returns the search with similar words beside its own. known maps misspelled words to candidates, of which those count that are close
// enough.
func (s *Search) Correct(known map[string][]string) *Search {
	corrected := *s
	corrected.corrections = map[string][]string{}
	for word, candidates := range known {
		if found := closest(word, candidates); len(found) > 0 {
			corrected.corrections[word] = found
		}
	}
	return &corrected
}
