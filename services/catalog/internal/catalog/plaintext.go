package catalog

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// markup matches the beginning of an HTML tag.
var markup = regexp.MustCompile(`<[a-zA-Z/!]`)

// plainText returns the text of HTML, with an empty line between paragraphs and each list item on a line of its own. Text without tags
// keeps its lines.
func plainText(source string) string {
	w := &textWriter{}
	if !markup.MatchString(source) {
		for line := range strings.SplitSeq(html.UnescapeString(source), "\n") {
			if strings.TrimSpace(line) == "" {
				w.separate(newParagraph)
			}
			w.write(line)
			w.separate(newLine)
		}
		return w.text.String()
	}
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return w.text.String()
		case html.TextToken:
			w.write(tokens.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(tokens.Token())
		case html.EndTagToken:
			w.end(tokens.Token().DataAtom)
		}
	}
}

// gap is what stands between two words.
type gap int

const (
	noGap gap = iota
	blank
	newLine
	newParagraph
)

// textWriter writes the text of HTML.
type textWriter struct {
	text strings.Builder
	// gap is what stands before the next word, and bullet follows it.
	gap    gap
	bullet string
	// hidden counts the open elements whose text nobody sees.
	hidden int
	// lists are the numbers of the last items of the open lists; -1 for a list without numbers.
	lists []int
}

func (w *textWriter) separate(g gap) { w.gap = max(w.gap, g) }

// write writes text with single blanks between words.
func (w *textWriter) write(text string) {
	if w.hidden > 0 || text == "" {
		return
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		w.separate(blank)
		return
	}
	if strings.TrimLeft(text, " \t\r\n\f\u00a0") != text {
		w.separate(blank)
	}
	if w.text.Len() > 0 {
		w.text.WriteString([]string{"", " ", "\n", "\n\n"}[w.gap])
	}
	w.text.WriteString(w.bullet)
	w.text.WriteString(strings.Join(words, " "))
	w.gap, w.bullet = noGap, ""
	if strings.TrimRight(text, " \t\r\n\f\u00a0") != text {
		w.gap = blank
	}
}

func (w *textWriter) start(token html.Token) {
	switch token.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Title, atom.Textarea:
		if token.Type == html.StartTagToken {
			w.hidden++
		}
	case atom.Br, atom.Tr:
		w.separate(newLine)
	case atom.Td, atom.Th:
		w.separate(blank)
	case atom.Ul:
		w.block()
		w.lists = append(w.lists, -1)
	case atom.Ol:
		w.block()
		w.lists = append(w.lists, 0)
	case atom.Li:
		w.separate(newLine)
		w.bullet = w.nextBullet()
	default:
		if isBlock(token.DataAtom) {
			w.block()
		}
	}
}

func (w *textWriter) end(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Title, atom.Textarea:
		w.hidden = max(0, w.hidden-1)
	case atom.Ul, atom.Ol:
		w.lists = w.lists[:max(0, len(w.lists)-1)]
		w.block()
	case atom.Li, atom.Tr:
		w.separate(newLine)
		w.bullet = ""
	default:
		if isBlock(tag) {
			w.block()
		}
	}
}

// block separates a block from the text before it: by an empty line, but in a list by a new line.
func (w *textWriter) block() {
	if len(w.lists) > 0 {
		w.separate(newLine)
		return
	}
	w.separate(newParagraph)
}

// nextBullet returns what stands before the next item of the innermost list.
func (w *textWriter) nextBullet() string {
	if n := len(w.lists); n > 0 && w.lists[n-1] >= 0 {
		w.lists[n-1]++
		return fmt.Sprintf("%d. ", w.lists[n-1])
	}
	return "- "
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Blockquote, atom.Pre, atom.Section,
		atom.Article, atom.Header, atom.Footer, atom.Aside, atom.Main, atom.Nav, atom.Figure, atom.Figcaption, atom.Hr, atom.Dl, atom.Dt,
		atom.Dd, atom.Address, atom.Details, atom.Summary, atom.Form, atom.Fieldset, atom.Caption:
		return true
	}
	return false
}
