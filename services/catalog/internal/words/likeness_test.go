package words

import (
	"math"
	"testing"
)

func TestTitlesAreLikeASearchBySharedTrigrams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, title string
		want        float64
	}{
		{"brass lamp", "brass lamp", 2},
		// 11 trigrams each of "brass lamp"; "red" has 4 others.
		{"brass lamp", "red brass lamp", 11.0/15 + 1},
		// Of the 6 trigrams of "brass", "bras" has 4, and one that "brass" has not.
		{"brass", "bras", 4.0/7 + 4.0/6},
		{"lamp", "vase", 0},
		{"", "vase", 0},
		{"lamp", "", 0},
		{"", "", 0},
		{"茶", "茶", 2},
	} {
		if got := LikenessTo(c.text).Of(c.title); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%q is %v like %q, want %v", c.title, got, c.text, c.want)
		}
	}
}

func TestTheShorterOfTwoTitlesWithTheSearchIsMoreLikeIt(t *testing.T) {
	t.Parallel()
	l := LikenessTo("hand warmer")
	titles := []string{"hand warmer", "hand warmer owl", "red hand warmer owl design", "hand towel"}
	for i := 1; i < len(titles); i++ {
		if l.Of(titles[i-1]) <= l.Of(titles[i]) {
			t.Errorf("%q is not more like it than %q", titles[i-1], titles[i])
		}
	}
}
