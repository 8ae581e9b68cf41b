package fault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"sync"

	"souk/platform/devserver"
)

// Wire passes on what is said to a MongoDB-protocol server and counts the commands.
type Wire struct {
	listener net.Listener
	target   string

	mu       sync.Mutex
	commands map[string]int
}

// NewWire returns a proxy of the server that listens, now or later, on a port of 127.0.0.1.
func NewWire(ctx context.Context, port int) (*Wire, error) {
	own, err := devserver.FreePort()
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("%s:%d", serviceHost, own))
	if err != nil {
		return nil, err
	}
	w := &Wire{listener: listener, target: fmt.Sprintf("%s:%d", serviceHost, port), commands: map[string]int{}}
	go w.accept(context.WithoutCancel(ctx))
	return w, nil
}

// URI is the connection string of a database behind the proxy.
func (w *Wire) URI(database string) string {
	return fmt.Sprintf("mongodb://%s/%s", w.listener.Addr(), database)
}

// Close takes no more connections. Those there are end with either of their ends.
func (w *Wire) Close() error { return w.listener.Close() }

// Commands returns how often each command was sent so far.
func (w *Wire) Commands() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.commands)
}

func (w *Wire) accept(ctx context.Context) {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() {
			_, _ = io.Copy(client, server) // until either end is closed
			_ = client.Close()
		}()
		go func() {
			_ = w.forward(server, bufio.NewReader(client))
			_ = server.Close()
		}()
	}
}

const (
	// A message begins with its length, two ids and an operation, four bytes each.
	headerSize = 16
	opMsg      = 2013
	// An OP_MSG goes on with four bytes of flags, the kind of its first section, and the length of its document.
	commandAt = headerSize + 4 + 1 + 4
)

// forward passes messages on, each once it is complete.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
func (w *Wire) forward(server io.Writer, client io.Reader) error {
	for {
		message := make([]byte, headerSize)
		if _, err := io.ReadFull(client, message); err != nil {
			return err
		}
		length := binary.LittleEndian.Uint32(message)
		if length < headerSize || length > 64<<20 {
			return fmt.Errorf("a message of %d bytes", length)
		}
		message = append(message, make([]byte, length-headerSize)...)
		if _, err := io.ReadFull(client, message[headerSize:]); err != nil {
			return err
		}
		w.count(message)
		if _, err := server.Write(message); err != nil {
			return err
		}
	}
}

// count counts the command of a message: the name of the first element of its document.
func (w *Wire) count(message []byte) {
	if binary.LittleEndian.Uint32(message[12:]) != opMsg || len(message) <= commandAt {
		return
	}
	name, _, _ := bytes.Cut(message[commandAt+1:], []byte{0})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands[string(name)]++
}
