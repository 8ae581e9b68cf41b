// Package docs serves the pages that describe the REST API, by Swagger UI.
package docs

import (
	"embed"
	"net/http"

	"github.com/swaggest/swgui/v5/static"
	"github.com/vearutop/statigz"
)

// own are our page and its script. Swagger UI's package brings a page as well, but makes it with html/template, because of which the
// linker keeps each method of each type: the gateway would have 10 MB more.
//
//go:embed index.html start.js
var own embed.FS

// The pages run scripts of their own, unlike all other answers. Swagger UI sets styles of elements.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"

// Handler serves the pages below /docs/.
func Handler() http.Handler {
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, own, "index.html") }
	mux.HandleFunc("GET /docs", page)
	mux.HandleFunc("GET /docs/{$}", page)
	mux.HandleFunc("GET /docs/start.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, own, "start.js") })
	mux.Handle("GET /docs/", http.StripPrefix("/docs/", statigz.FileServer(static.FS)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	})
}
