package catalog

import (
	"slices"
	"strings"
)

// fileRule is what a row says about how the stock of its variant limits the sale. What is nil it does not say.
type fileRule struct {
	untracked, continued *bool
}

// stockRuleOf reads the columns of the tracker and the policy. In Shopify's files, a variant without a tracker is not counted.
func stockRuleOf(f *file, r row) (rule fileRule) {
	if r.has(columnTracker) {
		untracked := r.get(columnTracker) == ""
		rule.untracked = &untracked
	}
	switch word := strings.ToLower(r.get(columnPolicy)); {
	case word == "":
	case word == "continue", slices.Contains(trueWords, word):
		rule.continued = new(true)
	case word == "deny", slices.Contains(falseWords, word):
		rule.continued = new(false)
	default:
		f.warn(r.about(columnPolicy, "is neither deny nor continue; a new variant is sold while it is in stock, another stays as it is"))
	}
	return rule
}

// apply changes what the row says.
func (r fileRule) apply(rule *StockRule) {
	if r.untracked != nil {
		rule.Untracked = *r.untracked
	}
	if r.continued != nil {
		rule.ContinueSelling = *r.continued
	}
}
