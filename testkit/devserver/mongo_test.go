package devserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

func startTestMongo(t *testing.T, dir string) *Mongo {
	t.Helper()
	server, err := StartMongo(t.Context(), MongoConfig{Dir: dir, Fast: true, Progress: logLine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// bson joins encoded elements to a BSON document.
func bson(elements ...string) string {
	body := strings.Join(elements, "") + "\x00"
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4))) + body
}

func text(name, value string) string {
	size := binary.LittleEndian.AppendUint32(nil, uint32(len(value)+1))
	return "\x02" + name + "\x00" + string(size) + value + "\x00"
}

func number(name string, value uint32) string {
	return "\x10" + name + "\x00" + string(binary.LittleEndian.AppendUint32(nil, value))
}

// run sends a command, an OP_MSG of MongoDB's wire protocol, and returns the reply's bytes.
func (m *Mongo) run(t *testing.T, command string) []byte {
	t.Helper()
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", loopback(m.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	const headerSize, opMsg = 16, 2013
	body := "\x00\x00\x00\x00\x00" + command // no flags, one section of kind 0
	var message []byte
	for _, field := range []uint32{uint32(headerSize + len(body)), 1, 0, opMsg} {
		message = binary.LittleEndian.AppendUint32(message, field)
	}
	if _, err := connection.Write(append(message, body...)); err != nil {
		t.Fatal(err)
	}
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(connection, header); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, binary.LittleEndian.Uint32(header)-headerSize)
	if _, err := io.ReadFull(connection, reply); err != nil {
		t.Fatal(err)
	}
	const ok = "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f" // the double 1.0
	if !bytes.Contains(reply, []byte(ok)) {
		t.Fatalf("command %q failed: %q", command, reply)
	}
	return reply
}

// insert adds a document to a collection.
func (m *Mongo) insert(t *testing.T, id uint32) {
	t.Helper()
	documents := "\x04documents\x00" + bson("\x030\x00"+bson(number("_id", id)))
	m.run(t, bson(text("insert", "things"), documents, text("$db", "souk")))
}

func TestMongoKeepsItsDataAcrossRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestMongo(t, dir)
	server.insert(t, 1)
	stops := []func() error{
		func() error { return server.Stop(t.Context()) },
		func() error { return server.Signal(syscall.SIGKILL) },
	}
	for _, stop := range stops {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		<-server.Done()
		server = startTestMongo(t, dir)
		reply := server.run(t, bson(text("count", "things"), text("$db", "souk")))
		if !bytes.Contains(reply, []byte(number("n", 1))) {
			t.Errorf("after a restart, count replies %q, want 1", reply)
		}
	}
}

func TestMongoRefusesATakenPort(t *testing.T) {
	t.Parallel()
	_, err := StartMongo(t.Context(), MongoConfig{Dir: t.TempDir(), Port: occupiedPort(t)})
	wantPortInUse(t, err)
}

func TestMongoNamesWhatIsMissing(t *testing.T) {
	t.Setenv("SOUK_FERRETDB", "/does/not/exist")
	_, err := StartMongo(t.Context(), MongoConfig{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "SOUK_FERRETDB") {
		t.Errorf("error = %v, want one that names the variable", err)
	}
}

// The copy is of a server that goes on, and another server runs on it.
func TestARunningMongoIsBackedUp(t *testing.T) {
	t.Parallel()
	dir, copied := t.TempDir(), t.TempDir()
	server := startTestMongo(t, dir)
	server.insert(t, 1)
	if err := BackUpMongo(t.Context(), dir, MongoData(copied)); err != nil {
		t.Fatal(err)
	}
	server.insert(t, 2)
	reply := startTestMongo(t, copied).run(t, bson(text("count", "things"), text("$db", "souk")))
	if !bytes.Contains(reply, []byte(number("n", 1))) {
		t.Errorf("count replies %q, want 1, which was there when the copy was made", reply)
	}
	if err := BackUpMongo(t.Context(), dir, MongoData(copied)); err == nil {
		t.Error("a copy was overwritten")
	}
}
