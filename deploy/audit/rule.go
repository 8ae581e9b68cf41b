package audit

import "fmt"

// rule is a condition for each T.
type rule[T any] struct {
	name string
	// the things that are checked, in the plural
	what string
	// judge returns the finding, and false if the rule does not apply.
	judge func(T) (finding, bool)
}

// finding is the result of a rule for one thing.
type finding struct {
	// Amounts for the totals: both sides of an equation, or only left.
	left, right Sums
	// wrong describes the problem, if there is one.
	wrong string
}

// equal returns the finding of comparing two sides.
func equal(leftName string, left Sums, rightName string, right Sums) finding {
	f := finding{left: left, right: right}
	if !left.equal(right) {
		f.wrong = fmt.Sprintf("%s %s, %s %s", leftName, left, rightName, right)
	}
	return f
}

// amount returns a finding without a problem.
func amount(s Sums) finding {
	return finding{left: s, right: s}
}

// judge returns the findings of all applicable rules, by their position.
func judge[T any](rules []rule[T], thing T) map[int]finding {
	findings := map[int]finding{}
	for i, r := range rules {
		if f, applies := r.judge(thing); applies {
			findings[i] = f
		}
	}
	return findings
}

func broken(findings map[int]finding) bool {
	for _, f := range findings {
		if f.wrong != "" {
			return true
		}
	}
	return false
}

// The number of offenders that a check lists.
const named = 5

// Check is a rule with the result of all things checked.
type Check struct {
	Name string
	// Looked is the number of things checked, and What their kind.
	Looked int
	What   string
	// Left and Right are the sums of both sides, if the rule is an equation.
	Left, Right Sums
	// Broken is the number of things that break the rule. First lists the first few of them with their problems.
	Broken int
	First  []string
	// Problems are those of all things that break the rule, by ID.
	Problems map[string]string
}

// add adds the finding about the thing with this ID.
func (c *Check) add(id string, f finding) {
	c.Looked++
	c.Left, c.Right = c.Left.plus(f.left), c.Right.plus(f.right)
	if f.wrong == "" {
		return
	}
	c.Broken++
	if c.Problems == nil {
		c.Problems = map[string]string{}
	}
	c.Problems[id] = f.wrong
	if len(c.First) < named {
		c.First = append(c.First, id+": "+f.wrong)
	}
}

// checks returns an empty check for each rule.
func checks[T any](rules []rule[T]) []*Check {
	list := make([]*Check, len(rules))
	for i, r := range rules {
		list[i] = &Check{Name: r.name, What: r.what}
	}
	return list
}

func enter(list []*Check, id string, findings map[int]finding) {
	for i, f := range findings {
		list[i].add(id, f)
	}
}
