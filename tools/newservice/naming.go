package main

import "strings"

// The template is a service named gadgets.
const placeholder = "gadgets"

// model is the service whose go.mod and go.sum the new one starts with, because it uses the same libraries.
const model = "shipping"

// naming replaces the placeholder by the name of a service, in all its forms: gadgets, gadget, Gadgets, Gadget, GADGETS, GADGET.
type naming = *strings.Replacer

func namingOf(service string) naming {
	return strings.NewReplacer(forms(strings.TrimSuffix(placeholder, "s"), strings.TrimSuffix(service, "s"))...)
}

// forms returns pairs of an old word and a new one. The plural needs none of its own, because it is the singular with an s.
func forms(from, to string) []string {
	title := func(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
	return []string{from, to, title(from), title(to), strings.ToUpper(from), strings.ToUpper(to)}
}
