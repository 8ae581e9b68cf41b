package fault

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// command is an OP_MSG whose document has one element, a string of that name.
func command(name string) []byte {
	document := []byte{0, 0, 0, 0, 2}
	document = append(append(document, name...), 0, 2, 0, 0, 0, 'x', 0, 0)
	binary.LittleEndian.PutUint32(document, uint32(len(document)))
	message := make([]byte, headerSize, 64)
	binary.LittleEndian.PutUint32(message[12:], opMsg)
	message = append(message, 0, 0, 0, 0, 0)
	message = append(message, document...)
	binary.LittleEndian.PutUint32(message, uint32(len(message)))
	return message
}

func TestAWirePassesOnAndCountsCommands(t *testing.T) {
	t.Parallel()
	server, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", serviceHost+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	w, err := NewWire(t.Context(), server.Addr().(*net.TCPAddr).Port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	client, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	sent := bytes.Join([][]byte{command("find"), command("update"), command("update")}, nil)
	go func() {
		_, _ = client.Write(sent)
	}()
	conn, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	arrived := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, arrived); err != nil || !bytes.Equal(arrived, sent) {
		t.Errorf("%x arrives as %x, %v", sent, arrived, err)
	}
	if got := w.Commands(); got["find"] != 1 || got["update"] != 2 || len(got) != 2 {
		t.Errorf("counted %v", got)
	}
	if _, err := conn.Write([]byte("answer")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 6)
	if _, err := io.ReadFull(client, answer); err != nil || string(answer) != "answer" {
		t.Errorf("the answer is %q, %v", answer, err)
	}
	_ = client.Close()
	if _, err := conn.Read(answer); err == nil {
		t.Error("the connection to the server outlives the client's")
	}
}
