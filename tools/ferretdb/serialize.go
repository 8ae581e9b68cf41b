package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// FerretDB 1.24 reads the documents that an update's filter matches and writes them back later, so that two
// updates at once can both match and one is lost. MongoDB changes a document atomically, and the shop relies on
// it. The serializer stands in front of FerretDB and lets commands that write go through one at a time.
type serializer struct {
	backend string
	turn    sync.RWMutex
}

// What only reads, and so goes beside other commands.
var reads = map[string]bool{
	"find": true, "getMore": true, "count": true, "distinct": true, "ping": true, "hello": true, "isMaster": true,
	"ismaster": true, "listCollections": true, "listDatabases": true, "listIndexes": true, "buildInfo": true,
	"killCursors": true, "endSessions": true,
}

// How long FerretDB may take to open its socket.
const backendWithin = 10 * time.Second

// serialize listens on addr, once FerretDB does on the Unix socket, and serves until ctx is done.
func serialize(ctx context.Context, addr, socket string) error {
	for deadline := time.Now().Add(backendWithin); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("wait for FerretDB: %w", err)
		}
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return (&serializer{backend: socket}).serve(ctx, listener)
}

// serve passes the connections that listener accepts on, until ctx is done.
func (s *serializer) serve(ctx context.Context, listener net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		client, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		go s.connection(ctx, client)
	}
}

func (s *serializer) connection(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", s.backend)
	if err != nil {
		return
	}
	defer server.Close()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	for s.exchange(client, server) == nil {
	}
}

// exchange passes one command and its answer on.
func (s *serializer) exchange(client, server net.Conn) error {
	command, err := readMessage(client)
	if err != nil {
		return err
	}
	if reads[commandName(command)] {
		s.turn.RLock()
		defer s.turn.RUnlock()
	} else {
		s.turn.Lock()
		defer s.turn.Unlock()
	}
	if _, err := server.Write(command); err != nil {
		return err
	}
	answer, err := readMessage(server)
	if err != nil {
		return err
	}
	_, err = client.Write(answer)
	return err
}

// The wire protocol: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	headerSize = 16
	maxMessage = 48_000_000
	opMsg      = 2013
)

func readMessage(r io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header)
	if size < headerSize || size > maxMessage {
		return nil, errors.New("malformed message")
	}
	message := make([]byte, size)
	copy(message, header)
	_, err := io.ReadFull(r, message[headerSize:])
	return message, err
}

// commandName returns the first key of an OP_MSG's body, which names its command; "" if it is none.
func commandName(message []byte) string {
	// Header, flags, kind of section, length of document, type of element.
	const body = headerSize + 4 + 1 + 4 + 1
	if len(message) <= body || binary.LittleEndian.Uint32(message[12:]) != opMsg || message[headerSize+4] != 0 {
		return ""
	}
	name, _, _ := bytes.Cut(message[body:], []byte{0})
	return string(name)
}
