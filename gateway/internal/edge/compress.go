package edge

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// Compress compresses the answers of next that are large enough, but no stream: its events would be held back.
func Compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypeFilter(func(contentType string) bool {
		return !strings.HasPrefix(contentType, eventStream) && gzhttp.DefaultContentTypeFilter(contentType)
	}))
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}
