package overload

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// conn is a connection to the gateway that is kept alive. It is written by hand because the shoppers have the same processors
// as the shop: net/http's client would take more of them than the gateway takes for a refusal.
type conn struct {
	addr string
	// patience is how long an answer is waited for. Then the connection is closed.
	patience time.Duration
	conn     net.Conn
	reader   *bufio.Reader
}

// send sends a whole request and returns the status of its answer, 0 for none in time.
func (c *conn) send(request []byte) int {
	status, err := c.try(request)
	if err != nil {
		c.close()
		return 0
	}
	return status
}

func (c *conn) try(request []byte) (int, error) {
	if c.conn == nil {
		opened, err := net.DialTimeout("tcp", c.addr, time.Second)
		if err != nil {
			return 0, err
		}
		c.conn, c.reader = opened, bufio.NewReader(opened)
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	return c.read()
}

// read reads an answer. A refusal's header is skipped rather than parsed: most answers to that many visitors are refusals, and what reading
// them takes is taken from the gateway.
func (c *conn) read() (int, error) {
	const refusal = "HTTP/1.1 503 "
	if start, err := c.reader.Peek(len(refusal)); err != nil || string(start) != refusal {
		resp, err := http.ReadResponse(c.reader, nil)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, err
	}
	length := 0
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) == len("\r\n") {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
	_, err := c.reader.Discard(length)
	return http.StatusServiceUnavailable, err
}

func (c *conn) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// request returns the bytes of one, with the lines of its header that are not empty.
func request(method, path, body string, header ...string) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: shop\r\n", method, path)
	for _, line := range header {
		text.WriteString(line + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&text, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	text.WriteString("\r\n" + body)
	return []byte(text.String())
}
