package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"souk/gateway/internal/policy"
)

// deadlines is an answer that notes the deadlines of its connection.
type deadlines struct {
	http.ResponseWriter
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }

func TestALongOperationGetsTimeForItsAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		timeout             time.Duration
		body                string
		wantRead, wantWrite time.Duration
	}{
		{10 * time.Second, "x", 10 * time.Second, 0},
		{10 * time.Second, "", 0, 0},
		{240 * time.Second, "x", 240 * time.Second, 250 * time.Second},
		{60 * time.Second, "", 0, 70 * time.Second},
	} {
		op := &operation{Policy: policy.Policy{Timeout: c.timeout}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.body))
		if c.body == "" {
			r.Body = http.NoBody
		}
		got := &deadlines{ResponseWriter: httptest.NewRecorder()}
		begun := time.Now()
		op.setDeadlines(got, r)
		for what, d := range map[string]struct {
			at   time.Time
			want time.Duration
		}{"read": {got.read, c.wantRead}, "write": {got.write, c.wantWrite}} {
			if d.want == 0 && d.at.IsZero() {
				continue
			}
			if after := d.at.Sub(begun); after < d.want || after > d.want+5*time.Second {
				t.Errorf("with a timeout of %v and the body %q, the %s deadline is %v, want %v", c.timeout, c.body, what, after, d.want)
			}
		}
	}
}
