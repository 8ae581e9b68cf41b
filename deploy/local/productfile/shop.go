package productfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"souk/platform/outage"
)

// Shop is a shop's REST API, and how to be let in: with a token, or by signing in.
type Shop struct {
	URL string
	// Token is an access token or an API key; empty for signing in.
	Token           string
	Email, Password string
	// Client makes the requests; nil means one that waits for an answer as long as the shop may work on it.
	Client *http.Client
	// Waiting is told before each wait why there is one. May be nil.
	Waiting func(reason error, wait time.Duration)

	session string
}

// Problem is an error or a warning about a row.
type Problem struct {
	Record  int    `json:"record"`
	Line    int    `json:"line"`
	Handle  string `json:"handle"`
	Column  string `json:"column"`
	Value   string `json:"value"`
	Message string `json:"message"`
}

func (p Problem) String() string {
	text := fmt.Sprintf("row %d", p.Record)
	if p.Line > 0 && p.Line != p.Record {
		text += fmt.Sprintf(" (line %d)", p.Line)
	}
	if p.Handle != "" {
		text += ", " + p.Handle
	}
	text += ": " + p.Message
	if p.Value != "" {
		text += fmt.Sprintf(" (%q)", p.Value)
	}
	return text
}

// imported is the shop's answer to a piece.
type imported struct {
	Created  int       `json:"created"`
	Updated  int       `json:"updated"`
	Errors   []Problem `json:"errors"`
	Warnings []Problem `json:"warnings"`
}

const (
	// The number of failures in a row after which the import stops.
	mostFailures = 12
	// The longest wait that the shop may ask for.
	mostWait = 5 * time.Minute
	// How long an answer may take. It is longer than the shop works on a request.
	answerWithin = 5 * time.Minute
)

// statusError is returned for an answer that is not a success.
type statusError struct {
	status int
	text   string
	// wait is how long the shop asks to wait; 0 if it does not say.
	wait time.Duration
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the shop answers %d %s: %s", e.status, http.StatusText(e.status), e.text)
}

// passing reports whether the same request may succeed later.
func passing(err error) bool {
	var answer *statusError
	if !errors.As(err, &answer) {
		return true // there was no answer
	}
	return answer.status == http.StatusTooManyRequests || answer.status == http.StatusRequestTimeout || answer.status >= http.StatusInternalServerError
}

// send imports a piece. It waits and tries again while the shop is away or busy.
func (s *Shop) send(ctx context.Context, text string) (answer imported, err error) {
	return answer, s.persist(ctx, func() error {
		answer = imported{}
		err := s.authorized(ctx, text, &answer)
		if refused := new(statusError); errors.As(err, &refused) && refused.status == http.StatusUnauthorized && s.session != "" {
			s.session = "" // it has expired
			return s.authorized(ctx, text, &answer)
		}
		return err
	})
}

// authorized imports a piece with the token, which it gets first if there is none.
func (s *Shop) authorized(ctx context.Context, text string, answer *imported) error {
	token := s.Token
	if token == "" {
		if err := s.signIn(ctx); err != nil {
			return err
		}
		token = s.session
	}
	return s.post(ctx, "/v1/product-imports", "text/csv; charset=utf-8", token, []byte(text), answer)
}

func (s *Shop) signIn(ctx context.Context) error {
	if s.session != "" {
		return nil
	}
	body, err := json.Marshal(map[string]string{"email": s.Email, "password": s.Password})
	if err != nil {
		return err
	}
	var session struct {
		AccessToken string `json:"access_token"`
	}
	if err := s.post(ctx, "/v1/sessions", "application/json", "", body, &session); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if session.AccessToken == "" {
		return fmt.Errorf("sign in: %w", &statusError{status: http.StatusUnauthorized, text: "the account needs another step; set SOUK_TOKEN instead"})
	}
	s.session = session.AccessToken
	return nil
}

// persist repeats work that fails for a while.
func (s *Shop) persist(ctx context.Context, work func() error) error {
	backoff := outage.Backoff{First: time.Second, Most: 30 * time.Second}
	for failures := 1; ; failures++ {
		err := work()
		if err == nil || !passing(err) || failures == mostFailures {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := backoff.Next()
		if answer := new(statusError); errors.As(err, &answer) && answer.wait > 0 {
			wait = min(answer.wait, mostWait)
		}
		if s.Waiting != nil {
			s.Waiting(err, wait)
		}
		if !outage.Sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

func (s *Shop) post(ctx context.Context, path, mediaType, token string, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", mediaType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := s.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return &statusError{resp.StatusCode, explained(content), retryAfter(resp.Header.Get("Retry-After"))}
	}
	return json.Unmarshal(content, answer)
}

// explained returns what a problem says (RFC 9457), or the text of another answer.
func explained(content []byte) string {
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(content, &problem) != nil || problem.Detail == "" {
		return fmt.Sprintf("%.300s", bytes.TrimSpace(content))
	}
	for _, e := range problem.Errors {
		problem.Detail += fmt.Sprintf(" %s: %s.", e.Field, e.Message)
	}
	return problem.Detail
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(time.Duration(seconds)*time.Second, 0)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
