package words

import (
	"fmt"
	"slices"
	"strings"
)

// The maximum number of words of a search of which one may be missing.
const maxLoose = 8

// TSQuery returns the search in the syntax of PostgreSQL's to_tsquery.
func (s *Search) TSQuery() string {
	var alternatives []string
	for _, parts := range s.alternatives {
		wanted, unwanted := s.operands(parts)
		queries := append(queriesOf(s.widened(wanted)), unwanted...)
		alternatives = append(alternatives, "("+strings.Join(queries, " & ")+")")
	}
	return strings.Join(alternatives, " | ")
}

// Loose returns the query for products that contain all words but one, or "" if every word is meant.
func (s *Search) Loose() string {
	if s.exact || len(s.alternatives) != 1 {
		return ""
	}
	operands, _ := s.operands(s.alternatives[0])
	wanted := queriesOf(s.widened(operands))
	if len(wanted) < 2 || len(wanted) > maxLoose {
		return ""
	}
	var alternatives []string
	for i := range wanted {
		alternatives = append(alternatives, "("+strings.Join(slices.Delete(slices.Clone(wanted), i, i+1), " & ")+")")
	}
	return strings.Join(alternatives, " | ")
}

// operand is a query for what a product must contain.
type operand struct {
	query string
	// word is what the query is for; nil for a phrase, or for words with their synonyms.
	word *term
}

func queriesOf(operands []operand) []string {
	queries := make([]string, len(operands))
	for i, o := range operands {
		queries[i] = o.query
	}
	return queries
}

// operands returns what a product must contain and what it must not.
func (s *Search) operands(parts []part) (wanted []operand, unwanted []string) {
	all := !slices.ContainsFunc(parts, func(p part) bool { return required(p) && p.important() })
	for i, p := range parts {
		switch {
		case p.excluded && p.phrase:
			unwanted = append(unwanted, "!("+phrase(p.terms)+")")
		case p.excluded && len(p.terms) > 1:
			unwanted = append(unwanted, "!("+strings.Join(compound(p.terms), " | ")+")")
		case p.excluded:
			unwanted = append(unwanted, "!("+alternatives(p.terms[0].forms(), "")+")")
		case p.phrase:
			wanted = append(wanted, operand{query: phrase(p.terms)})
		default:
			wanted = append(wanted, s.wordsOf(parts, i, all)...)
		}
	}
	return wanted, unwanted
}

// important reports whether a product must contain the part.
func (p part) important() bool {
	return p.phrase || slices.ContainsFunc(p.terms, func(t term) bool { return !unimportant[t.base] })
}

// wordsOf returns a query for each word of a part: the word, or a compound of it and its neighbors. Words that are not important
// are left out, unless all are meant.
func (s *Search) wordsOf(parts []part, i int, all bool) (operands []operand) {
	p := parts[i]
	before, after := neighbors(parts, i)
	terms := slices.Concat(before, p.terms, after)
	full := whole(p.terms)
	for k := range p.terms {
		at := len(before) + k
		t := terms[at]
		if unimportant[t.base] && !all {
			continue
		}
		forms := append(t.forms(), full)
		if at > 0 {
			forms = append(forms, joined(terms[at-1], t))
		}
		if at+1 < len(terms) {
			forms = append(forms, joined(t, terms[at+1]))
		}
		query := alternatives(forms, "")
		// The word itself is still in the query, because PostgreSQL estimates by it how many products match.
		if p.open && k == len(p.terms)-1 {
			query += " | " + s.completed(forms)
		}
		if apart := numberAndUnit(t.base); apart != "" {
			query += " | " + apart
		}
		if corrected := s.corrections[t.base]; len(corrected) > 0 {
			query += " | " + alternatives(corrected, "")
		}
		operands = append(operands, operand{query: "(" + query + ")", word: &terms[at]})
	}
	return operands
}

// neighbors returns the last word before a part and the first one after it, which may be one with the part's own.
func neighbors(parts []part, i int) (before, after []term) {
	if i > 0 && parts[i-1].plain() {
		terms := parts[i-1].terms
		before = terms[len(terms)-1:]
	}
	if i+1 < len(parts) && parts[i+1].plain() {
		after = parts[i+1].terms[:1]
	}
	return before, after
}

func (p part) plain() bool { return !p.phrase && !p.excluded }

// numberAndUnit returns a query for 25mm with a blank in it, or "" for other words.
func numberAndUnit(word string) string {
	unit := strings.TrimLeft(word, "0123456789")
	number := word[:len(word)-len(unit)]
	if number == "" || !isLetters(unit) {
		return ""
	}
	return "(" + quote(number) + " <-> " + quote(unit) + ")"
}

// completed returns a query for the words that the last one may be the beginning of.
func (s *Search) completed(forms []string) string {
	if len(s.completions) > 0 {
		return alternatives(s.completions, "")
	}
	return alternatives(forms, ":*")
}

// isWord reports whether a term can be a word of the vocabulary.
func (t term) isWord() bool { return !t.pair && isLetters(t.base) }

// forms returns a word and its other spellings.
func (t term) forms() []string { return append([]string{t.base}, t.also...) }

// alternatives returns a query for any of these words. Words may be empty.
func alternatives(words []string, mode string) string {
	var quoted []string
	for _, w := range words {
		if q := quote(w) + mode; w != "" && !slices.Contains(quoted, q) {
			quoted = append(quoted, q)
		}
	}
	return strings.Join(quoted, " | ")
}

// compound returns queries for words with only a dash or the like between them.
func compound(terms []term) []string {
	queries := []string{phrase(terms)}
	if full := whole(terms); full != "" {
		queries = append(queries, quote(full))
	}
	return queries
}

// phrase returns a query for words in this order.
func phrase(terms []term) string {
	quoted := make([]string, len(terms))
	for i, t := range terms {
		quoted[i] = quote(t.base)
	}
	return "(" + strings.Join(quoted, " <-> ") + ")"
}

// quote quotes a word, which has only letters, digits and marks.
func quote(word string) string { return fmt.Sprintf("'%s'", word) }
