package postgres

import (
	"regexp"
	"strings"
)

// In all of these $1 is the text that is searched for, and search.query what it means to PostgreSQL.
const (
	withWords = `SELECT w.id FROM products w WHERE NOT w.withdrawn AND w.search @@ search.query`
	// When no product on sale has the words, as when they are misspelled, those with a similar title are found.
	withSimilarTitle = `SELECT s.id FROM similar_titles($1) AS s (id) WHERE NOT EXISTS (` + withWords + `)`
	// relevance ranks what is found. Words in the title weigh the most, and a title that is all the search asks for more.
	relevance = `(ts_rank(p.search, search.query) + word_similarity($1, p.title))::float8`
)

var (
	// operators are what a web search excludes or takes to the letter. Then nothing similar will do.
	operators = regexp.MustCompile(`"|(^|\s)-`)
	// unfinished splits a search into what comes before and a last word that the shopper may still be typing. Codes such
	// as SKUs, phrases and exclusions are no such word.
	unfinished = regexp.MustCompile(`^((?:[^"]*\s)?)(\pL{2,})$`)
)

// search restricts p to the products that a text finds.
func (c *conditions) search(text string) (from string) {
	from = " CROSS JOIN (SELECT " + c.textQuery(text) + ") AS search (query)"
	found := withWords
	if !operators.MatchString(text) {
		found += " UNION ALL " + withSimilarTitle
	}
	c.parts = append(c.parts, "p.id IN ("+found+")")
	return from
}

// textQuery writes the tsquery of a text: the words as a web search takes them, or the same with the last one as a prefix.
func (c *conditions) textQuery(text string) string {
	whole := "websearch_to_tsquery('english', " + c.param(text) + ")"
	parts := unfinished.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return whole
	}
	before, prefix := c.param(parts[1]), c.param(parts[2]+":*")
	return whole + " || (websearch_to_tsquery('english', " + before + ") && to_tsquery('english', " + prefix + "))"
}
