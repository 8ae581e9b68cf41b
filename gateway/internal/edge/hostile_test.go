package edge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// values returns hostile JSON values for a field, each about size bytes long.
func values(size int) map[string]string {
	readPages := func(open, element, end string) string {
		n := (size - len(open) - len(end)) / len(element)
		return open + strings.TrimSuffix(strings.Repeat(element, n), ",") + end
	}
	deep := size / 8
	return map[string]string{
		"many numbers":         readPages("[", "0,", "]"),
		"many empty arrays":    readPages("[", "[],", "]"),
		"many empty objects":   readPages("[", "{},", "]"),
		"many empty strings":   readPages("[", `"",`, "]"),
		"many nulls":           readPages("[", "null,", "]"),
		"deep arrays":          strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"deep objects":         strings.Repeat(`{"":`, deep) + "0" + strings.Repeat("}", deep),
		"many keys":            manyKeys(size, func(i int) string { return strconv.FormatInt(int64(i), 36) }),
		"many alike long keys": manyKeys(size, func(i int) string { return strings.Repeat("k", 200) + strconv.Itoa(i) }),
		"one key again":        readPages("{", `"a":0,`, "}"),
		"a key again at last":  strings.TrimSuffix(manyKeys(size-10, strconv.Itoa), "}") + `,"0":0}`,
		"a long key":           `{"` + readPages("", "k", "") + `":0}`,
		"a long key, escaped":  `{"` + readPages("", `\u0001`, "") + `":0}`,
		"a long string":        readPages(`"`, "x", `"`),
		"wide characters":      readPages(`"`, "😀", `"`),
		"escapes":              readPages(`"`, `\u0041`, `"`),
		"surrogate pairs":      readPages(`"`, `\ud83d\ude00`, `"`),
		"quotation marks":      readPages(`"`, `\"`, `"`),
		"digits":               readPages("1", "9", ""),
		"a fraction":           readPages("0.", "0", "1"),
		"a long exponent":      readPages("1e", "9", ""),
		"a number of zeros":    readPages("1", "0", "e-"+strconv.Itoa(size-20)),
		"a huge exponent":      readPages("[", "1e999999,", "]"),
		"white space":          readPages("[", " ", "]"),
		"an open array":        readPages("", "[0,", ""),
		"an open object":       readPages("", `{"a":[`, ""),
	}
}

func manyKeys(size int, name func(int) string) string {
	var text strings.Builder
	text.WriteString("{")
	for i := 0; text.Len() < size-300; i++ {
		fmt.Fprintf(&text, `"%s":0,`, name(i))
	}
	return strings.TrimSuffix(text.String(), ",") + "}"
}

// hostileBodies returns hostile bodies of an operation at its size limit. Each has a hostile value at one place of the schema.
func (o contractOperation) hostileBodies(t *testing.T) map[string]string {
	t.Helper()
	mediaType, schema := o.body()
	if mediaType == "" {
		return nil
	}
	if mediaType != jsonMedia {
		return map[string]string{"zeros": strings.Repeat("\x00", maxRaw), "lines": strings.Repeat("a,b\n", maxRaw/4)}
	}
	found := map[string]string{}
	for _, form := range forms(schema) {
		o.hostileForm(t, form, found)
	}
	return found
}

// hostileForm adds the hostile bodies for one form of a schema to found.
func (o contractOperation) hostileForm(t *testing.T, schema *openapi3.Schema, found map[string]string) {
	t.Helper()
	for _, place := range placesIn(schema, "") {
		body := string(encode(t, place.with(full(schema))))
		size := maxJSON - len(body)
		for name, value := range values(size) {
			if place.path == "" || slices.Contains(place.kinds, name) {
				found[place.path+" is "+name] = strings.Replace(body, hole, value, 1)
			}
		}
		for name, item := range place.items {
			many := strings.TrimSuffix(strings.Repeat(item+",", size/(len(item)+1)), ",")
			found[place.path+" has many "+name] = strings.Replace(body, hole, "["+many+"]", 1)
			most := int(min(place.most, uint64(size/(len(item)+1))))
			found[place.path+" has as many as it may "+name] = strings.Replace(body, hole, "["+strings.TrimSuffix(strings.Repeat(item+",", most), ",")+"]", 1)
		}
	}
}

// hole marks the place in a body for a hostile value.
const hole = `"the place"`

// place is a position in a schema.
type place struct {
	path string
	// kinds are the hostile values to try there.
	kinds []string
	// items are possible items if the place is an array, and most is their maximum number.
	items map[string]string
	most  uint64
}

var kindsOf = map[string][]string{
	"object":  {"many keys", "a key again at last", "many numbers"},
	"array":   {"many numbers", "many empty objects", "many keys", "deep arrays"},
	"string":  {"a long string", "escapes", "wide characters", "many numbers"},
	"integer": {"digits", "a fraction", "a number of zeros", "a long exponent"},
	"boolean": {"many numbers"},
}

// placesIn returns all places of a schema.
func placesIn(s *openapi3.Schema, path string) []place {
	p := place{path: path, most: 100_000}
	if kinds := s.Type.Slice(); len(kinds) == 1 {
		p.kinds = kindsOf[kinds[0]]
	}
	all := []place{p}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		all = append(all, placesIn(s.Properties[name].Value, path+"/"+name)...)
	}
	if extra := s.AdditionalProperties.Schema; extra != nil {
		all = append(all, placesIn(extra.Value, path+"/Size")...)
	}
	if s.Items != nil {
		all[0].items = itemsOf(s.Items.Value)
		if s.MaxItems != nil {
			all[0].most = *s.MaxItems
		}
		all = append(all, placesIn(s.Items.Value, path+"/0")...)
	}
	return all
}

// itemsOf returns items for an array: a complete one, an empty one, and one in which everything is wrong.
func itemsOf(s *openapi3.Schema) map[string]string {
	whole, _ := jsonOf(full(s))
	items := map[string]string{"whole items": whole, "empty items": "{}", "items of another kind": "[0]"}
	if wrong := map[string]any{}; len(s.Properties) > 0 {
		for name := range s.Properties {
			wrong[name] = []any{}
		}
		items["items with nothing right"], _ = jsonOf(wrong)
	}
	return items
}

// with returns a body with the hole at the place.
func (p place) with(body any) any {
	const mark = "the place"
	if p.path == "" {
		return mark
	}
	steps := strings.Split(p.path[1:], "/")
	at := body
	for _, step := range steps[:len(steps)-1] {
		at = child(at, step)
	}
	switch parent := at.(type) {
	case map[string]any:
		parent[steps[len(steps)-1]] = mark
	case []any:
		parent[0] = mark
	}
	return body
}

func child(of any, step string) any {
	if list, ok := of.([]any); ok {
		return list[0]
	}
	return of.(map[string]any)[step]
}

// hostileHeaders returns hostile header fields of the maximum length.
func hostileHeaders() map[string]map[string]string {
	const size = 60_000
	many := map[string]string{}
	for i := range 2500 {
		many["X-"+strconv.Itoa(i)] = "some value"
	}
	long := func(text string) string { return strings.Repeat(text, size/len(text)) }
	return map[string]map[string]string{
		"many fields": many, "cookies": {"Cookie": long("a=b; ")}, "one cookie": {"Cookie": "a=" + long("x")},
		"a long token": {"Authorization": "Bearer " + long("x")}, "a token of dots": {"Authorization": "Bearer " + long(".")},
		"a long header of a token": {"Authorization": "Bearer " + long("eyJhbGciOiJFZERTQSJ9") + ".e30.AA"}, "many schemes": {"Authorization": long("Bearer ")},
		"many tags": {"If-Match": long(`"p1.1.x", `), "If-None-Match": "x"}, "commas": {"If-Match": long(",")}, "open tags": {"If-None-Match": long(`"`)},
		"weak tags": {"If-None-Match": long("W/")}, "a long key": {"Idempotency-Key": long("k")}, "a long event id": {"Last-Event-ID": long("9")},
		"a long type": {"Content-Type": "application/json; " + long("a=b; ")}, "many types": {"Content-Type": long("application/json,")},
		"many codings": {"Content-Encoding": long("gzip, ")}, "many identities": {"Content-Encoding": long("identity, ")}, "what is taken": {"Accept-Encoding": long("gzip;q=0.1, ")},
		"hops": {"X-Forwarded-For": long("127.0.0.1, ")}, "an origin": {"Origin": "https://" + long("a.")}, "an id": {"X-Request-Id": long("x")},
		"ranges": {"Range": "bytes=" + long("0-1,")}, "a signature": {"Stripe-Signature": long("t=1,v1=00,")},
	}
}

// hostileQueries returns hostile queries of an operation.
func (o contractOperation) hostileQueries() map[string]string {
	const size = 60_000
	long := func(text string) string { return strings.Repeat(text, size/len(text)) }
	keys := strings.Builder{}
	for i := 0; keys.Len() < size; i++ {
		fmt.Fprintf(&keys, "%x&", i)
	}
	queries := map[string]string{
		"many parameters": keys.String(), "one again": long("a=1&"), "a long name": long("x"), "escapes": long("%41"), "ampersands": long("&"),
		"a broken escape at last": long("a=%41&") + "%", "not UTF-8": long("%ff"), "semicolons": long(";"),
	}
	for _, p := range o.Parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			queries[p.Value.Name+" is long"] = p.Value.Name + "=" + long("9")
			queries[p.Value.Name+" is escaped"] = p.Value.Name + "=" + long("%C3%A9")
			queries[p.Value.Name+" again"] = long(p.Value.Name + "=1&")
		}
	}
	return queries
}
