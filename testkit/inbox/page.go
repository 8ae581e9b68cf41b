package inbox

import (
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"slices"
)

// page shows the texts only, because nobody should trust the HTML of a mail.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Mails of the shop</title>
<style>body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}</style>
<h1>Mails of the shop</h1>
<p>Nothing is delivered from here. The newest mail is the first; the last 1000 are kept until the shop stops.
The same as JSON: <a href="/mails">/mails</a>, or of one address: /mails?to=ADDRESS.</p>
{{range .}}<article>
<h2>{{.Subject}}</h2>
<p>To {{.Recipient}}, at {{.ReceivedAt.Format "15:04:05"}}</p>
<pre>{{.Text}}</pre>
</article>
{{else}}<p>There is none yet.</p>
{{end}}</html>
`))

// ServeHTTP serves the page at / and JSON at /mails. It answers only requests for this machine by one of its own names, because the mails
// contain secrets: a web page that has its name resolved to 127.0.0.1 must not read them.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	switch {
	case !local(r.Host):
		http.Error(w, "only for this machine", http.StatusForbidden)
	case r.Method != http.MethodGet:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		mails := b.Mails()
		slices.Reverse(mails)
		header.Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, mails)
	case r.URL.Path == "/mails":
		mails := b.Mails()
		if to := r.URL.Query().Get("to"); to != "" {
			mails = b.To(to)
		}
		header.Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(append([]Mail{}, mails...))
	default:
		http.NotFound(w, r)
	}
}

// local reports whether the host of a request is this machine.
func local(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
