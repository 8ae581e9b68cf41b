package catalog_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/pgaudit"
	"souk/platform/security"
	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

// setSynonyms replaces the synonyms. Each group is a text with commas between its terms.
func setSynonyms(t *testing.T, s *catalog.Service, groups ...string) catalog.Synonyms {
	t.Helper()
	var set [][]string
	for _, group := range groups {
		set = append(set, strings.Split(group, ", "))
	}
	synonyms, err := s.SetSynonyms(t.Context(), set, nil)
	if err != nil {
		t.Fatal(err)
	}
	return synonyms
}

func TestASearchFindsSynonymsOfItsWords(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, title := range []string{"Velvet sofa", "Leather couch", "Tealights in tin", "Scented candle", "Käse board", "Fromage knife", "Teacup in white", "Reading lamp"} {
		if _, err := s.Create(t.Context(), product(title, 100)); err != nil {
			t.Fatal(err)
		}
	}
	setSynonyms(t, s, "sofa, couch, settee", "Tea light, candle", "lamp, light", "käse, fromage", "cup and saucer, teacup")
	for _, search := range []struct{ text, want string }{ // in the order of titles, if none has the searched word
		{"couch", "Leather couch | Velvet sofa"},
		{"sofas", "Velvet sofa | Leather couch"},
		{"SETTEE", "Leather couch | Velvet sofa"},
		{"velvet settee", "Velvet sofa"},
		{"candle", "Scented candle | Tealights in tin"},
		{"tealight", "Tealights in tin | Scented candle"},
		{"tea lights", "Tealights in tin | Scented candle"}, // its light is no lamp
		{"scented tea-light", "Scented candle"},
		{"light", "Reading lamp"},
		{"kaese", "Käse board | Fromage knife"},
		{"fromage", "Fromage knife | Käse board"},
		{"cup with saucer", "Teacup in white"},
		{"settee or lamp", "Leather couch | Reading lamp | Velvet sofa"},
		{`"couch"`, "Leather couch"},
		{"settee -couch", "Velvet sofa"},
	} {
		got := titlesOf(t, s, search.text)
		if strings.Contains(strings.ToLower(search.text), "settee") {
			slices.Sort(got)
		}
		if strings.Join(got, " | ") != search.want {
			t.Errorf("%s: %q, want %q", search.text, got, search.want)
		}
	}
	setSynonyms(t, s)
	if got := titlesOf(t, s, "couch"); !slices.Equal(got, []string{"Leather couch"}) {
		t.Errorf("without synonyms: %q", got)
	}
}

func TestSynonymsAreReplacedByThoseWhoKnowThem(t *testing.T) {
	t.Parallel()
	s := setup(t)
	none, err := s.Synonyms(t.Context())
	if err != nil || none.Version != 0 || len(none.Groups) != 0 {
		t.Fatalf("%+v, %v", none, err)
	}
	groups := [][]string{{"sofa", "couch"}, {"tea light", "candle", "taper"}}
	first, err := s.SetSynonyms(t.Context(), groups, &none.Version)
	if err != nil || first.Version != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, old := range []int64{0, 2, -1} {
		if _, err := s.SetSynonyms(t.Context(), nil, &old); !errors.Is(err, catalog.ErrVersionMismatch) {
			t.Errorf("version %d: %v", old, err)
		}
	}
	stored, err := s.Synonyms(t.Context())
	if err != nil || !reflect.DeepEqual(stored, catalog.Synonyms{Groups: groups, Version: 1}) {
		t.Errorf("%+v, %v", stored, err)
	}
	if empty, err := s.SetSynonyms(t.Context(), nil, nil); err != nil || empty.Version != 2 {
		t.Errorf("%+v, %v", empty, err)
	}
	if stored, err := s.Synonyms(t.Context()); err != nil || stored.Version != 2 || len(stored.Groups) != 0 {
		t.Errorf("%+v, %v", stored, err)
	}
}

func TestAMistakeInSynonymsIsNamed(t *testing.T) {
	t.Parallel()
	s := setup(t)
	tooMany := slices.Repeat([][]string{{"a", "b"}}, 1001)
	for want, groups := range map[string][][]string{
		"groups must have at most 1000 items":                 tooMany,
		"groups[1].terms must have 2 to 20 items":             {{"a", "b"}, {"a"}},
		"groups[0].terms must have 2 to 20 items":             {slices.Repeat([]string{"a"}, 21)},
		"groups[0].terms[1] must hold a letter or a digit":    {{"a", " & "}},
		"groups[0].terms[0] must have at most 4 words":        {{"a b c d e", "b"}},
		"groups[0].terms[1] must have at most 100 characters": {{"a", strings.Repeat("b", 101)}},
		"groups[0].terms[2] is in the group already":          {{"tea light", "candle", "Tea-Light"}},
		"groups[0].terms[1] must not hold control characters": {{"a", "b\ac"}},
	} {
		_, err := s.SetSynonyms(t.Context(), groups, nil)
		var invalid *field.Error
		if !errors.As(err, &invalid) || !slices.ContainsFunc(invalid.Violations, func(v field.Violation) bool { return v.Field+" "+v.Message == want }) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if stored, err := s.Synonyms(t.Context()); err != nil || stored.Version != 0 {
		t.Errorf("after mistakes: %+v, %v", stored, err)
	}
}

func TestEachChangeOfSynonymsIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	s := catalog.New(postgres.New(pool), "GBP")
	ctx := security.WithActor(t.Context(), security.Actor{Customer: "boss", Staff: true})
	version := int64(0)
	if _, err := s.SetSynonyms(ctx, [][]string{{"sofa", "couch"}}, &version); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetSynonyms(ctx, nil, &version); !errors.Is(err, catalog.ErrVersionMismatch) {
		t.Fatal(err)
	}
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Actor: "boss", Limit: 100})
	if err != nil || len(page) != 1 || page[0].Action != audit.SynonymsSet || page[0].Kind != audit.Synonyms || page[0].Detail["version"] != "1" {
		t.Errorf("%+v, %v", page, err)
	}
}
