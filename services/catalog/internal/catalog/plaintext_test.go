package catalog

import "testing"

func TestTextKeepsParagraphsAndListItems(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"<p>One</p><p>Two</p><ul><li>x</li><li>y</li></ul>": "One\n\nTwo\n\n- x\n- y",
		"<strong>e</strong>ach <em>one</em>,<b> two</b>":    "each one, two",
		"a<br>b<br/>c": "a\nb\nc",
		"<ol><li><p>x</p></li><li>y<ul><li>z</li></ul></li></ol>t":             "1. x\n2. y\n- z\n\nt",
		"<div>a</div>b<h2>C</h2> d":                                            "a\n\nb\n\nC\n\nd",
		"<table><tr><th>Size</th><td>S</td></tr><tr><th>Fit</th></tr></table>": "Size S\nFit",
		"Warm &amp; <!-- not --> bright<script>alert(1)</script>.":             "Warm & bright.",
		"one\r\ntwo\n\n\n\nthree &amp; four":                                   "one\ntwo\n\nthree & four",
		"5 < 6 and  7 > 6":                                                     "5 < 6 and 7 > 6",
		"<p>&nbsp;</p><p>a&nbsp;b</p>":                                         "a b",
		"</ul></ol><li>":                                                       "",
		"":                                                                     "",
	} {
		if got := plainText(source); got != want {
			t.Errorf("%q becomes %q, want %q", source, got, want)
		}
	}
}
