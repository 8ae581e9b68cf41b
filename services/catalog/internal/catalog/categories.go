package catalog

import (
	"context"
	"slices"
	"strings"
)

// Category is the category of products by its whole name, for example Home > Lamps.
type Category struct {
	Slug     string
	Name     string
	Products int64
}

// CategoryNode is a category in the tree of categories.
type CategoryNode struct {
	Slug string
	// Name is the last part of Path.
	Name string
	Path string
	// Products is the number of active products in the category and in its children.
	Products int64
	Children []*CategoryNode
}

// Categories returns the categories with an active product.
func (s *Service) Categories(ctx context.Context) ([]Category, error) {
	return s.store.Categories(ctx)
}

// tidyCategory returns the name of a category with tidy parts: "Home >Lamps" becomes "Home > Lamps".
func tidyCategory(name string) string {
	paths := pathsOf(tidyLine(name))
	if len(paths) == 0 {
		return ""
	}
	return paths[len(paths)-1]
}

// pathsOf returns the names of a category and of those that it is in, the outermost first: Home, and Home > Lamps.
func pathsOf(name string) (paths []string) {
	for part := range strings.SplitSeq(name, ">") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if len(paths) > 0 {
			part = paths[len(paths)-1] + " > " + part
		}
		paths = append(paths, part)
	}
	return paths
}

// TreeOf returns the tree of categories. A category that has no product of its own is in the tree if one of its children has.
func TreeOf(categories []Category) []*CategoryNode {
	var root CategoryNode
	nodes := map[string]*CategoryNode{}
	for _, c := range categories {
		parent := &root
		for _, path := range pathsOf(c.Name) {
			slug := Slugify(path)
			node := nodes[slug]
			if node == nil {
				node = &CategoryNode{Slug: slug, Name: strings.TrimSpace(path[strings.LastIndex(path, ">")+1:]), Path: path}
				nodes[slug] = node
				parent.Children = append(parent.Children, node)
			}
			if node == parent { // a part without a letter or a digit adds nothing to the slug
				continue
			}
			node.Products += c.Products
			parent = node
		}
	}
	return root.Children
}

// withChildren returns a query in which each category stands for itself and for its children. Categories of versions before, which
// had slugs in ASCII, have the slugs of now, so that their addresses stay good.
func (s *Service) withChildren(ctx context.Context, query Query) (Query, error) {
	categories, err := s.store.CategoriesBeginning(ctx, query.Categories())
	if err != nil {
		return query, err
	}
	var slugs []string
	for _, slug := range query.Categories() {
		in := within(categories, slug)
		if len(in) == 0 {
			current, err := s.currentSlug(ctx, slug)
			if err != nil {
				return query, err
			}
			in = []string{current}
		}
		slugs = append(slugs, in...)
	}
	slices.Sort(slugs)
	query.Category, query.OtherCategories = split(slices.Compact(slugs))
	return query, nil
}

// within returns the slugs of a category and of its children, as far as they have products.
func within(categories []Category, slug string) (slugs []string) {
	isSlug := func(path string) bool { return Slugify(path) == slug }
	for _, c := range categories {
		if c.Slug == slug || strings.HasPrefix(c.Slug, slug) && slices.ContainsFunc(pathsOf(c.Name), isSlug) {
			slugs = append(slugs, c.Slug)
		}
	}
	return slugs
}

// currentSlug returns the slug of the category that the versions before knew by a slug in ASCII. It returns the slug itself if there
// is no such category.
func (s *Service) currentSlug(ctx context.Context, slug string) (string, error) {
	categories, err := s.store.Categories(ctx)
	current := slices.IndexFunc(categories, func(c Category) bool { return formerSlug(c.Slug) == slug })
	if err != nil || current < 0 {
		return slug, err
	}
	return categories[current].Slug, nil
}
