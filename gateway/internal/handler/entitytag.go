package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// entityTag returns the entity tag of a product. It contains the ID and the version, which If-Match refers to, and a hash of
// the rest, because the availability changes without a new version.
func entityTag(version int64, view api.Product) string {
	content, err := json.Marshal(view)
	if err != nil {
		return ""
	}
	digest := sha256.Sum256(content)
	return `"` + view.Id + "." + strconv.FormatInt(version, 10) + "." + hex.EncodeToString(digest[:8]) + `"`
}

// tags are the entity tags in an If-Match or If-None-Match header.
type tags struct {
	// any means *, which matches every representation.
	any  bool
	list []tag
}

type tag struct {
	weak bool
	// quoted is the tag with its quotation marks.
	quoted string
}

// parseTags parses a list of entity tags (RFC 9110, section 8.8.3). It skips invalid ones.
func parseTags(header string) tags {
	if strings.Trim(header, " \t") == "*" {
		return tags{any: true}
	}
	var found tags
	for header != "" {
		header = strings.TrimLeft(header, " \t,")
		rest, weak := strings.CutPrefix(header, "W/")
		if end := endOfTag(rest); end > 0 {
			found.list = append(found.list, tag{weak: weak, quoted: rest[:end]})
			header = rest[end:]
		}
		_, header, _ = strings.Cut(header, ",")
	}
	return found
}

// endOfTag returns the length of the tag at the beginning of text, or 0 if there is none.
func endOfTag(text string) int {
	if !strings.HasPrefix(text, `"`) {
		return 0
	}
	end := strings.IndexByte(text[1:], '"') + 2
	if after := strings.TrimLeft(text[end:], " \t"); end == 1 || after != "" && after[0] != ',' {
		return 0
	}
	return end
}

// haveWeakly reports whether the tags match a representation by weak comparison, as required for If-None-Match.
func (t tags) haveWeakly(quoted string) bool {
	return t.any || slices.ContainsFunc(t.list, func(t tag) bool { return t.quoted == quoted })
}

// haveStrongly reports whether the tags match a representation by strong comparison, as required for If-Match.
func (t tags) haveStrongly(quoted string) bool {
	return t.any || slices.ContainsFunc(t.list, func(t tag) bool { return !t.weak && t.quoted == quoted })
}

// versionsOf returns the versions of a product that the tags match by strong comparison, as required for If-Match.
func (t tags) versionsOf(product string) []int64 {
	var versions []int64
	for _, t := range t.list {
		id, version, ok := splitTag(t.quoted)
		if ok && !t.weak && strings.EqualFold(id, product) {
			versions = append(versions, version)
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

func splitTag(quoted string) (id string, version int64, ok bool) {
	parts := strings.Split(strings.Trim(quoted, `"`), ".")
	if len(parts) != 3 {
		return "", 0, false
	}
	version, err := strconv.ParseInt(parts[1], 10, 64)
	return parts[0], version, err == nil && version > 0
}

// versionToChange returns the version that a product must have for a change, or 0 for any. If the header names several
// versions, it returns the current one, if that is among them; catalog then detects a change that comes in between.
func (h *Handler) versionToChange(ctx context.Context, product, ifMatch string) (int64, error) {
	named := parseTags(ifMatch)
	if named.any {
		return 0, nil
	}
	versions := named.versionsOf(product)
	if len(versions) == 1 {
		return versions[0], nil
	}
	current, err := h.anyProduct(ctx, product)
	if err != nil {
		return 0, err // a missing product is a 404, whatever the header is
	}
	switch {
	case current.GetStatus() == catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN, !strings.EqualFold(current.GetId(), product):
		return 0, edge.NotFound("There is no such product.") // an ID that is a slug is not accepted by writes
	case slices.Contains(versions, current.GetVersion()):
		return current.GetVersion(), nil
	default:
		return 0, edge.NewProblem(http.StatusPreconditionFailed, api.ProblemCodePreconditionFailed, "If-Match names no ETag of the product as it is.")
	}
}
