package catalog

import (
	"context"
	"fmt"
	"strings"

	"souk/platform/field"

	"souk/services/catalog/internal/words"
)

const (
	maxGroups   = 1000
	maxSynonyms = 20
	maxTerm     = 100
)

// Synonyms are the terms that searches take for one another.
type Synonyms struct {
	// Groups contain terms with the same meaning, such as "sofa" and "couch". A term may be in several groups.
	Groups [][]string
	// Version grows by one with each change. It is 0 as long as there was none.
	Version int64
}

// Synonyms returns the synonyms of the shop.
func (s *Service) Synonyms(ctx context.Context) (Synonyms, error) {
	return s.store.Synonyms(ctx)
}

// SetSynonyms replaces the synonyms of the shop. It returns ErrVersionMismatch if their version is not the given one; nil is any.
func (s *Service) SetSynonyms(ctx context.Context, groups [][]string, version *int64) (Synonyms, error) {
	tidy := make([][]string, len(groups))
	for i, terms := range groups {
		for _, term := range terms {
			tidy[i] = append(tidy[i], tidyLine(term))
		}
	}
	if err := checkGroups(tidy); err != nil {
		return Synonyms{}, err
	}
	return s.store.SetSynonyms(ctx, tidy, version)
}

func checkGroups(groups [][]string) error {
	var check field.Checker
	check.Check(len(groups) <= maxGroups, "groups", fmt.Sprintf("must have at most %d items", maxGroups))
	for i, terms := range first(groups, maxGroups) {
		path := fmt.Sprintf("groups[%d].terms", i)
		check.Check(len(terms) >= 2 && len(terms) <= maxSynonyms, path, fmt.Sprintf("must have 2 to %d items", maxSynonyms))
		seen := map[string]bool{}
		for j, term := range first(terms, maxSynonyms) {
			checkTerm(&check, fmt.Sprintf("%s[%d]", path, j), term, seen)
		}
	}
	return check.Err()
}

func checkTerm(check *field.Checker, path, term string, seen map[string]bool) {
	checkLine(check, path, term, maxTerm)
	meaning := words.MeaningOf(term)
	check.Check(meaning != "", path, "must hold a letter or a digit")
	check.Check(len(strings.Fields(term)) <= words.MaxRun, path, fmt.Sprintf("must have at most %d words", words.MaxRun))
	check.Check(meaning == "" || !seen[meaning], path, "is in the group already")
	seen[meaning] = true
}
