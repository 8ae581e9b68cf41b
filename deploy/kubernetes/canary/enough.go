package canary

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"souk/deploy/kubernetes/canary/judge"
)

// few is how many calls of a method say little about it.
const few = 20

// enough returns an error if there was too little traffic for a verdict, and says of which methods there is none.
func (c *canary) enough(before, after judge.Version) error {
	least := float64(c.Calls)
	if o, n := before.Total().Answered, after.Total().Answered; o < least || n < least {
		return fmt.Errorf("too little traffic for a verdict: the old version has answered %.0f calls and the new one %.0f. Each needs %d: "+
			"judge for longer, or when there is more traffic", o, n, c.Calls)
	}
	var unsure []string
	for _, method := range slices.Sorted(maps.Keys(before)) {
		if after[method].Answered < few {
			unsure = append(unsure, method)
		}
	}
	if len(unsure) > 0 {
		c.say("The new version has answered fewer than %d calls of: %s.", few, strings.Join(unsure, ", "))
	}
	return nil
}
