package audit

import "fmt"

// rule is something that must hold of each T.
type rule[T any] struct {
	name string
	// what is looked at, in the plural.
	what string
	// judge returns what it found, and false for a T that the rule says nothing of.
	judge func(T) (finding, bool)
}

// finding is what a rule found in one thing.
type finding struct {
	// Amounts for the rule's totals: the two sides of an equation, or left alone.
	left, right Sums
	// wrong says what is wrong, if anything.
	wrong string
}

// equal is the finding that two sides ought to be the same.
func equal(leftName string, left Sums, rightName string, right Sums) finding {
	f := finding{left: left, right: right}
	if !left.equal(right) {
		f.wrong = fmt.Sprintf("%s %s, %s %s", leftName, left, rightName, right)
	}
	return f
}

// amount is a finding of nothing wrong.
func amount(s Sums) finding {
	return finding{left: s, right: s}
}

// judge returns the findings of all rules, by their position; those of rules that say nothing of it are left out.
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

// How many offenders a check names.
const named = 5

// Check is a rule with everything that was held against it.
type Check struct {
	Name string
	// Looked is how many things the rule was held against, and What they are.
	Looked int
	What   string
	// Left and Right are the sums of both sides of the rule's equation, if it is one.
	Left, Right Sums
	// Broken is how many things break the rule. First names the first few of them, each with what is wrong.
	Broken int
	First  []string
}

// add enters what was found in the thing with that id.
func (c *Check) add(id string, f finding) {
	c.Looked++
	c.Left, c.Right = c.Left.plus(f.left), c.Right.plus(f.right)
	if f.wrong == "" {
		return
	}
	c.Broken++
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
