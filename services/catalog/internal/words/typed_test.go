package words_test

import (
	"fmt"
	"testing"

	"souk/services/catalog/internal/words"
)

func TestTheLastWordIsCompletedAsTitlesSpellIt(t *testing.T) {
	t.Parallel()
	titles := []string{"Crème Brûlée Dish", "Creamer", "Crème Jug", "Käse Knife", "T-Shirt", "青花瓷茶器"}
	for typed, want := range map[string]string{
		"cre": "[crème creamer]", "CRÈ": "[crème creamer]", "Kae": "[käse]", "kas": "[käse]", "large  cre": "[large crème large creamer]",
		"t-sh": "[t-shirt]", "creamer": "[]", "": "[]", `"crème j"`: "[]", "茶": "[]", "x": "[]", "  jug": "[]", "ju": "[jug]", "creamer -d": "[creamer -dish]",
	} {
		if got := fmt.Sprint(words.ParseTyped(typed).Completions(titles)); got != want {
			t.Errorf("%q: %s, want %s", typed, got, want)
		}
	}
}

func TestTheQueryIsForTheBeginningOfTheLastWord(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"brass la": "('brass' | 'brassla') & ('la' | 'brassla' | 'la':* | 'brassla':*)", "l": "('l')", "bdi-09": "('bdi' | 'bdi09') & ('09' | 'bdi09' | '09':* | 'bdi09':*)",
		`"brass lamp"`: "('brass' <-> 'lamp')",
	} {
		if got := words.ParseTyped(typed).QueryOfBeginning(); got != "("+want+")" {
			t.Errorf("%s: %s, want (%s)", typed, got, want)
		}
	}
	if got, want := words.ParseTyped("cerami").QueryOf([]string{"ceramic", "ceramics"}), "(('cerami' | 'ceramic' | 'ceramics'))"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestTheDistanceOfATitle(t *testing.T) {
	t.Parallel()
	typed := words.ParseTyped("tea gl")
	for title, want := range map[string]int{"Tea Glass": 0, "Small glass for tea": 1, "Tea Cup": 2, "": 2} {
		if got := typed.Distance(title); got != want {
			t.Errorf("%s: %d, want %d", title, got, want)
		}
	}
}
