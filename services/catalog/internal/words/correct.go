package words

import (
	"slices"
	"unicode/utf8"
)

const (
	// The lengths of words that are corrected, in characters.
	minCorrected, maxCorrected = 4, 40
	// A word of so many characters may have two errors, a shorter one only one.
	twoErrors = 6
	// The maximum number of corrections of a word.
	maxCorrections = 5
	// The maximum number of words of a search that are corrected.
	maxAsked = 8
)

// Slips returns what a word may have been before two of its letters were swapped or one was added. These words often have few
// letter groups in common with it.
func Slips(word string) (words []string) {
	letters := []rune(word)
	for i := range letters {
		words = append(words, string(slices.Delete(slices.Clone(letters), i, i+1)))
		if i > 0 {
			swapped := slices.Clone(letters)
			swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
			words = append(words, string(swapped))
		}
	}
	return words
}

// closest returns the words with the fewest errors between them and a word, if they are few enough.
func closest(word string, candidates []string) (found []string) {
	least := 1
	if utf8.RuneCountInString(word) >= twoErrors {
		least = 2
	}
	for _, candidate := range candidates {
		switch n := errorsBetween(word, candidate); {
		case candidate == word || n > least:
		case n < least:
			least, found = n, []string{candidate}
		default:
			found = append(found, candidate)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), maxCorrections)]
}

// errorsBetween counts the letters that were left out, added, replaced or swapped with their neighbor between two words: the
// optimal string alignment distance.
func errorsBetween(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := range from {
		for j := range to {
			cost := 1
			if from[i] == to[j] {
				cost = 0
			}
			best := min(rows[i][j]+cost, rows[i][j+1]+1, rows[i+1][j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				best = min(best, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = best
		}
	}
	return rows[len(from)][len(to)]
}
