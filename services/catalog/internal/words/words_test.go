package words

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestPlainWordsHaveNoAccentsCaseAndWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Crème Brûlée": "creme brulee", "ＡＢＣ１２": "abc12", "GROẞE Straße": "grosse strasse", "İznik ıspanak": "iznik ispanak", "Ёлка": "елка", "Чайник": "чайник",
		"Ὀδυσσεύς": "οδυσσευσ", "Smørrebrød Łódź": "smorrebrod lodz", "Œuvre Æbler": "oeuvre aebler", "شاي أخضر": "شاي اخضر", "شـــاي": "شاي", "ガラス": "ガラ ラス",
		"हिन्दी": "हिन्दी", "ﬁne ½": "fine 1 2", "25mm": "25mm", "BDI-09164/XL": "bdi 09164 xl", "Men's d'olive": "mens d olive", "茶": "茶", "青花瓷 set": "青花 花瓷 set", "★ - &": "",
	} {
		for _, form := range []string{text, norm.NFD.String(text)} {
			if got := bases(split(form)); got != want {
				t.Errorf("%+q: %q, want %q", form, got, want)
			}
		}
	}
}

// meet reports whether the query of a search names a word of a title by each of its operands.
func meet(title, search string) bool {
	document := strings.Fields(DocumentOf(Texts{Title: title}).Title)
	parsed := Parse(search)
	for _, parts := range parsed.alternatives {
		wanted, _ := parsed.operands(parts)
		if !slices.ContainsFunc(queriesOf(wanted), func(operand string) bool {
			return !slices.ContainsFunc(document, func(word string) bool { return strings.Contains(operand, quote(word)) })
		}) {
			return true
		}
	}
	return false
}

func TestWordsMeetHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{"Gemüse", "GEMÜSE", "gemuse", "gemuese", "gemu\u0308se", "ＧＥＭＵＳＥ"},
		{"Käse", "kaese", "kase"}, {"Döner", "doener", "doner"}, {"Straße", "strasse", "STRASSE", "STRAẞE"},
		{"Smörgås", "smoergaas", "smorgas"}, {"Rødgrød", "roedgroed", "rodgrod"}, {"Crème", "creme", "cre\u0300me"}, {"Pâté", "pate"},
		{"moon stone", "moonstone", "Moon-Stone", "moon/stone"}, {"25 mm", "25mm", "25-mm"}, {"BDI-09164", "BDI09164", "bdi 09164", "BDI_09164"},
		{"T-Shirt", "t shirt", "tshirt"}, {"Käse Kuchen", "kaesekuchen", "Käsekuchen"}, {"A-B-C-1", "abc1", "A.B.C.1"}, {"men's", "mens", "men’s"},
	} {
		for _, title := range group {
			for _, search := range group {
				if !meet(title, search) {
					t.Errorf("%q does not find %q: %s, %q", search, title, Parse(search).TSQuery(), DocumentOf(Texts{Title: title}).Title)
				}
			}
		}
	}
	for _, apart := range [][2]string{{"ガラス", "カラス"}, {"moon", "stone"}, {"blue", "black"}, {"лак", "лай"}} {
		if meet(apart[0], apart[1]) {
			t.Errorf("%q finds %q", apart[1], apart[0])
		}
	}
}

func TestASearchIsReadWithItsOperators(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Sofa - grey":      "(('sofa' | 'sofagrey') & ('grey' | 'sofagrey' | 'grey':* | 'sofagrey':*))",
		"Sofa – grey ":     "(('sofa' | 'sofagrey') & ('grey' | 'sofagrey' | 'grey':* | 'sofagrey':*))",
		"sofa -grey":       "(('sofa') & !('grey'))",
		`sofa -"sea grey"`: "(('sofa') & !(('sea' <-> 'grey')))",
		"sofa -t-shirt":    "(('sofa') & !(('t' <-> 'shirt') | 'tshirt'))",
		`"wool rug"`:       "(('wool' <-> 'rug'))",
		`12" pan 5" lid.`:  "(('12' | '12pan') & ('pan' | '12pan' | 'pan5') & ('5' | 'pan5' | '5lid') & ('lid' | '5lid'))",
		"mug OR 7":         "(('mug')) | (('7'))",
		"or":               "(('or' | 'or':*))",
		"mug or":           "(('mug' | 'mugor'))",
		"the 7 of 9":       "(('7' | 'the7' | '7of') & ('9' | 'of9'))",
		"the":              "(('the' | 'the':*))",
		"25mm 7":           "(('25mm' | '25mm7' | ('25' <-> 'mm')) & ('7' | '25mm7'))",
		"BDI-09164-2":      "(('bdi' | 'bdi091642' | 'bdi09164') & ('09164' | 'bdi091642' | 'bdi09164' | '091642') & ('2' | 'bdi091642' | '091642'))",
		"-grey":            "", "★": "", "": "", " - ": "", `"`: "", "'": "", "-": "", "or -x": "(('or') & !('x'))",
	} {
		if got := Parse(text).TSQuery(); got != want || Parse(text).Empty() != (want == "") {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := Unexcluded("MAGIC TREE -PAPER 7").TSQuery(); strings.Contains(got, "!") || !strings.Contains(got, "'paper'") {
		t.Errorf("without exclusions: %s", got)
	}
}

func TestOneWordMayBeMissingUnlessEachIsMeant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"7 8": "(('8' | '78')) | (('7' | '78'))", "7": "", `7 "8"`: "", "7 -8": "", "7 or 8": "", "1 2 3 4 5 6 7 8 9": "", "": "",
	} {
		if got := Parse(text).Loose(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestMisspelledWordsAreCorrected(t *testing.T) {
	t.Parallel()
	vocabulary := []string{"candle", "holder", "table", "lamp", "ceramic", "ceramics", "cattle", "sofa", "bowl"}
	for word, want := range map[string]string{
		"cndle": "candle", "holdre": "holder", "tabel": "table", "lmap": "lamp", "lampp": "lamp", "ceramci": "ceramic", "sofs": "sofa", "ceramik": "ceramic",
		"candel": "candle", "elephant": "", "bwol": "bowl", "table": "", "soda": "sofa",
	} {
		if got := strings.Join(closest(word, vocabulary), " "); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	if got := Parse("the cndle of BDI-09164 cup 茶器 cndle").Misspelled(); !slices.Equal(got, []string{"cndle"}) {
		t.Errorf("misspelled: %q", got)
	}
	for _, exact := range []string{`"cndle"`, "cndle -lamp"} {
		if got := Parse(exact).Misspelled(); got != nil {
			t.Errorf("%s: %q are corrected", exact, got)
		}
	}
	s := Parse("cndle 7")
	if got := s.Correct(map[string][]string{"cndle": vocabulary}).TSQuery(); got != "(('cndle' | 'cndle7' | 'candle') & ('7' | 'cndle7'))" {
		t.Errorf("corrected: %s", got)
	}
	if got := s.Correct(map[string][]string{"cndle": {"elephant"}}).TSQuery(); got != s.TSQuery() {
		t.Errorf("corrected to %s", got)
	}
	if !slices.Contains(Slips("lmap"), "lamp") || !slices.Contains(Slips("lampp"), "lamp") {
		t.Errorf("slips: %q, %q", Slips("lmap"), Slips("lampp"))
	}
}

func TestTheLastWordIsCompletedByKnownWordsAlone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"tea wood": "wood", "wood tea-": "", `"wood"`: "", "wood 7": "", "müll": "", "茶器": "", "": ""} {
		if got := Parse(text).Last(); got != want {
			t.Errorf("the last word of %s is %q, want %q", text, got, want)
		}
	}
	got := Parse("tea wood").Completed([]string{"wood", "wooden"}).TSQuery()
	if want := "(('tea' | 'teawood') & ('wood' | 'teawood' | 'wood' | 'wooden'))"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestErrorsBetweenWordsAreCounted(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"lamp", "lamp"}: 0, {"lamp", "lmap"}: 1, {"lamp", "clamp"}: 1, {"lamp", "lump"}: 1, {"kitten", "sitting"}: 3, {"чай", "чйа"}: 1,
	} {
		if got := errorsBetween(pair[0], pair[1]); got != want || errorsBetween(pair[1], pair[0]) != want {
			t.Errorf("%v: %d, want %d", pair, got, want)
		}
	}
}

// FuzzWords checks that words are such that PostgreSQL takes them, and that a title finds itself.
func FuzzWords(f *testing.F) {
	for _, text := range []string{"Sofa - grey", "Crème", "茶器 ガラス", "BDI-09164", `"a" -b or c`, "\u0344\u0301", "\ufdfa", "İ'sß", "a\xffb", "ﷺ㌀", "٣mm", "-\u0301", "\u0640", "\xf1\u0132 "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.RuneCountInString(text) > 200 {
			return
		}
		document := DocumentOf(Texts{Title: text, Keywords: text, Description: text})
		for _, w := range strings.Fields(document.Title + " " + document.Names) {
			if len(w) > 2000 || strings.ContainsAny(w, `'\:&|!()<>*"`) || !utf8.ValidString(w) {
				t.Errorf("%+q has the word %+q", text, w)
			}
		}
		for _, s := range []*Search{Parse(text), Unexcluded(text)} {
			query := s.TSQuery()
			if strings.Contains(query, "()") || strings.Contains(query, "''") || strings.Count(query, "(") != strings.Count(query, ")") {
				t.Errorf("%+q: %s", text, query)
			}
			_, _, _ = s.Loose(), s.Misspelled(), fmt.Sprint(s.Empty())
		}
		if document.Plain != "" && !strings.ContainsAny(text, `"-`) && !meet(text, text) {
			t.Errorf("%+q does not find itself: %s", text, Parse(text).TSQuery())
		}
	})
}
