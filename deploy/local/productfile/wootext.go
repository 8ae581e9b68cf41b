package productfile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// splitList returns the items of a list in a cell. They are separated by commas; a comma inside an item has a backslash before it.
func splitList(text string) (items []string) {
	var item strings.Builder
	add := func() {
		if trimmed := strings.TrimSpace(item.String()); trimmed != "" {
			items = append(items, trimmed)
		}
		item.Reset()
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && strings.HasPrefix(text[i+1:], ","):
			item.WriteByte(',')
			i++
		case text[i] == ',':
			add()
		default:
			item.WriteByte(text[i])
		}
	}
	add()
	return items
}

func first(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return items[0]
}

var (
	blankLines = regexp.MustCompile(`\n[ \t]*\n\s*`)
	blockTag   = regexp.MustCompile(`(?i)^<(p|div|ul|ol|li|h[1-6]|table|blockquote|pre|section|figure|hr)\b`)
)

// markedUp returns a description as HTML. WordPress keeps paragraphs as empty lines between the tags, and an export writes a line break as
// a backslash and an n.
func markedUp(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\r\n`, "\n"), `\n`, "\n")
	if !strings.Contains(text, "<") {
		return text
	}
	var out strings.Builder
	for _, block := range blankLines.Split(strings.TrimSpace(text), -1) {
		if blockTag.MatchString(block) {
			out.WriteString(block)
		} else if block != "" {
			out.WriteString("<p>" + strings.ReplaceAll(block, "\n", "<br>") + "</p>")
		}
	}
	return out.String()
}

// The grams of a unit of weight.
var unitGrams = map[string]float64{"kg": 1000, "g": 1, "lbs": 453.59237, "oz": 28.349523125}

// weightColumn returns the name of the column with the weight, which has its unit: weight (kg).
func (f *wooFile) weightColumn() string {
	for unit := range unitGrams {
		name := "weight (" + unit + ")"
		if _, ok := f.columns[name]; ok {
			return name
		}
	}
	return "weight (kg)"
}

// grams converts a weight in the unit of its column. A weight that is no number stays, so that the shop says what is wrong with it.
func grams(text, column string) string {
	unit := strings.TrimSuffix(strings.TrimPrefix(column, "weight ("), ")")
	weight, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(weight*unitGrams[unit], 'f', 0, 64)
}

var notInSlug = regexp.MustCompile(`[^\p{L}\p{N}\p{M}]+`)

// slugOf makes a name the words of an address: "Tea & Cup" becomes tea-cup.
func slugOf(name string) string {
	const most = 100
	slug := strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if utf8.RuneCountInString(slug) > most {
		slug = strings.Trim(string([]rune(slug)[:most]), "-")
	}
	return slug
}
