package edge

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// Compress compresses large answers of next. It does not compress streams, because that would delay their events.
func Compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypeFilter(func(contentType string) bool {
		return !strings.HasPrefix(contentType, eventStream) && gzhttp.DefaultContentTypeFilter(contentType)
	}))
	if err != nil {
		return nil, err
	}
	return wrap(next), nil
}
