package words

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Texts are the texts of a product.
type Texts struct {
	Title, Brand, Category, Description string
	// Keywords are its tags, and the SKUs and titles of its variants.
	Keywords string
}

// Document contains the words by which a product is found.
type Document struct {
	// Title, Names and Description are lists of words, separated by blanks. Names are those of brand, category and keywords.
	Title, Names, Description string
	// Plain is the title with plain words alone, in their order.
	Plain string
	// Vocabulary contains the words to which a misspelled one is corrected, sorted.
	Vocabulary []string
}

// The maximum size of a list of words in bytes. PostgreSQL's tsvector holds at most 1 MiB.
const maxList = 250_000

// DocumentOf returns the words of a product.
func DocumentOf(texts Texts) Document {
	title, brand, category := split(texts.Title), split(texts.Brand), split(texts.Category)
	keywords, description := split(texts.Keywords), split(texts.Description)
	names := slices.Concat(listOf(brand, true), listOf(category, true), listOf(keywords, false))
	return Document{
		Title: list(listOf(title, true)), Names: list(names), Description: list(listOf(description, false)),
		Plain:      bases(title),
		Vocabulary: vocabulary(slices.Concat(title, brand, category, keywords)),
	}
}

// list joins words, as many as PostgreSQL takes.
func list(words []string) string {
	text := strings.Join(words, " ")
	return strings.ToValidUTF8(text[:min(len(text), maxList)], "")
}

// listOf returns the words of a text in order, and then the other forms in which they are found. With compounds, all neighbors
// are also written as one, else only a number and its unit.
func listOf(terms []term, compounds bool) (words []string) {
	var forms []string
	for i, t := range terms {
		words = append(words, t.base)
		forms = append(forms, t.also...)
		if t.pair {
			forms = append(forms, characters(t.base)...)
		}
		if i > 0 && (compounds || isNumber(terms[i-1].base) && isLetters(t.base)) {
			forms = append(forms, joined(terms[i-1], t))
		}
	}
	for _, chunk := range chunks(terms) {
		if len(chunk) > 2 || !compounds {
			forms = append(forms, whole(chunk))
		}
	}
	slices.Sort(forms)
	return append(words, slices.DeleteFunc(slices.Compact(forms), func(form string) bool { return form == "" })...)
}

func characters(text string) (list []string) {
	for _, r := range text {
		list = append(list, string(r))
	}
	return list
}

// vocabulary returns the different words of letters that are long enough to be corrected to.
func vocabulary(terms []term) (words []string) {
	for _, t := range terms {
		if !t.pair && correctable(t.base) {
			words = append(words, t.base)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// correctable reports whether a word may be misspelled or the right spelling of another: numbers, codes and short words are not.
func correctable(word string) bool {
	n := utf8.RuneCountInString(word)
	return n >= minCorrected && n <= maxCorrected && isLetters(word)
}

// Add adds the vocabulary of another document.
func (d *Document) Add(other Document) {
	d.Vocabulary = append(d.Vocabulary, other.Vocabulary...)
	slices.Sort(d.Vocabulary)
	d.Vocabulary = slices.Compact(d.Vocabulary)
}
