package schema

import "strings"

// members tracks the members of an object that were read so far.
type members struct {
	count int
	// given contains the properties that the schema names.
	given map[string]bool
}

// object checks the number of members first. If there are too many, no other violations of the object are reported.
func (v *visitor) object(s *Schema) error {
	if err := v.token(); err != nil {
		return err
	}
	before, m := len(v.violations), members{given: map[string]bool{}}
	for v.decoder.PeekKind() != '}' {
		if err := v.member(s, &m); err != nil {
			return err
		}
	}
	if s.maxMembers != nil && m.count > *s.maxMembers {
		v.violations = v.violations[:before]
		v.violate("must have at most " + plural(*s.maxMembers, "field"))
		return v.token()
	}
	if m.count < s.minMembers {
		v.violate("must have at least " + plural(s.minMembers, "field"))
	}
	for _, name := range s.required {
		if !m.given[name] {
			v.violateMember(name, "is required")
		}
	}
	v.checkChoices(s, m)
	return v.token()
}

// member reads a name and its value.
func (v *visitor) member(s *Schema, m *members) error {
	text, err := v.readString()
	if err != nil {
		return err
	}
	property := s.properties[string(text)]
	if property != nil {
		m.given[string(text)] = true
	} else {
		property = s.extra
	}
	m.count++
	switch {
	case property == nil && !s.open && v.unknown == nil:
		v.path = append(v.path, step{name: text})
		v.unknown = &UnknownFieldError{Field: v.dotted()}
		v.path = v.path[:len(v.path)-1]
		return v.skip()
	case property == nil, s.maxMembers != nil && m.count > *s.maxMembers:
		return v.skip()
	}
	v.path = append(v.path, step{name: text})
	if err := v.value(property); err != nil {
		return err
	}
	v.path = v.path[:len(v.path)-1]
	return nil
}

func (v *visitor) violateMember(name, message string) {
	v.path = append(v.path, step{name: []byte(name)})
	v.violate(message)
	v.path = v.path[:len(v.path)-1]
}

// checkChoices checks that an object has the properties of exactly one choice.
func (v *visitor) checkChoices(s *Schema, m members) {
	made := -1
	for i, choice := range s.choices {
		if !hasAll(m.given, choice) {
			continue
		}
		if made >= 0 {
			v.violateMember(choice[0], "must not stand beside "+s.choices[made][0])
			return
		}
		made = i
	}
	if made < 0 && len(s.choices) > 0 {
		first := make([]string, len(s.choices))
		for i, choice := range s.choices {
			first[i] = choice[0]
		}
		v.violateMember(first[0], "is required, unless there is "+strings.Join(first[1:], " or "))
	}
}

func hasAll(given map[string]bool, names []string) bool {
	for _, name := range names {
		if !given[name] {
			return false
		}
	}
	return true
}

// oneOf checks a value against each alternative; exactly one must accept it. If none does, the violations of the nearest
// alternative are reported.
func (v *visitor) oneOf(s *Schema) error {
	depth := v.depth + v.decoder.StackDepth()
	value, err := v.decoder.ReadValue()
	if err != nil {
		return err
	}
	offset := int(v.decoder.InputOffset()) - len(value)
	var nearest *visitor
	taken := 0
	for _, alternative := range s.alternatives {
		try := newVisitor(v.ctx, v.content[offset:offset+len(value)])
		try.depth, try.path = depth, v.path[:len(v.path):len(v.path)]
		if err := try.value(alternative); err != nil {
			return err
		}
		if try.unknown == nil && len(try.violations) == 0 {
			taken++
		}
		if nearest == nil || try.distance() < nearest.distance() {
			nearest = try
		}
	}
	if taken > 1 {
		v.violate("must be one of its forms only")
		return nil
	}
	for _, e := range nearest.edits {
		v.edits = append(v.edits, edit{from: e.from + offset, to: e.to + offset, text: e.text})
	}
	if v.unknown == nil {
		v.unknown = nearest.unknown
	}
	v.violations = append(v.violations, nearest.violations[:min(len(nearest.violations), MaxViolations-len(v.violations))]...)
	return nil
}

// distance measures how far a value is from what the schema requires.
func (v *visitor) distance() int {
	if v.unknown != nil {
		return MaxViolations + len(v.violations)
	}
	return len(v.violations)
}
