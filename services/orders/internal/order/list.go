package order

import "slices"

// with returns a copy of all in which element takes the place of the one with the same id, or is the last.
func with[T any](all []T, element T, id func(T) string) []T {
	all = slices.Clone(all)
	i := slices.IndexFunc(all, func(other T) bool { return id(other) == id(element) })
	if i < 0 {
		return append(all, element)
	}
	all[i] = element
	return all
}

// find returns the first element that is wanted.
func find[T any](all []T, wanted func(T) bool) (found T, ok bool) {
	i := slices.IndexFunc(all, wanted)
	if i < 0 {
		return found, false
	}
	return all[i], true
}
