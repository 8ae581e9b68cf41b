package grpctest

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// input is a fuzzer's bytes, taken one after another. At their end it gives zeros.
type input struct {
	content []byte
	// words are texts that mean something to the server.
	words []string
}

func (in *input) over() bool { return len(in.content) == 0 }

func (in *input) byte() byte {
	if in.over() {
		return 0
	}
	b := in.content[0]
	in.content = in.content[1:]
	return b
}

// below returns a number from 0 to n-1.
func (in *input) below(n int) int { return int(in.byte()) % n }

// bytes returns as many of the bytes as the next one says.
func (in *input) bytes() []byte {
	n := min(int(in.byte()), len(in.content))
	b := in.content[:n]
	in.content = in.content[n:]
	return b
}

// edit changes one field of a message, or of one inside it.
func (in *input) edit(message protoreflect.Message) {
	fields := message.Descriptor().Fields()
	if fields.Len() == 0 {
		return
	}
	field := fields.Get(in.below(fields.Len()))
	switch {
	case field.IsList():
		in.editList(message.Mutable(field).List(), field)
	case field.Message() == nil:
		message.Set(field, in.scalar(field))
	case in.below(8) == 0:
		message.Clear(field)
	default:
		in.edit(message.Mutable(field).Message())
	}
}

// editList empties a list, adds to it, changes an element, or makes it long.
func (in *input) editList(list protoreflect.List, field protoreflect.FieldDescriptor) {
	switch in.below(4) {
	case 0:
		list.Truncate(0)
	case 1:
		list.Append(in.element(list, field))
	case 2:
		if list.Len() > 0 {
			list.Set(in.below(list.Len()), in.element(list, field))
		}
	case 3:
		element := in.element(list, field)
		for range 1 << in.below(13) {
			list.Append(element)
		}
	}
}

func (in *input) element(list protoreflect.List, field protoreflect.FieldDescriptor) protoreflect.Value {
	if field.Message() == nil {
		return in.scalar(field)
	}
	element := list.NewElement()
	if list.Len() > 0 {
		proto.Merge(element.Message().Interface(), list.Get(0).Message().Interface())
	}
	in.edit(element.Message())
	return element
}

// scalar makes a value of a field that is no message. A text on the wire is UTF-8.
func (in *input) scalar(field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(strings.ToValidUTF8(in.text(), "\uFFFD"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(in.text()))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(in.below(2) == 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(int8(in.byte())))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(in.number()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(in.number())
	default:
		return field.Default()
	}
}

// The texts and numbers that trip up programs.
var (
	traps = []string{
		"", " ", "\x00", "a\x00b", "\n", "..", ".", "%", "_", "'", "\\", "{}", "$where", "\u202e", "\U0010FFFF", "e\u0301", "İ", "ﬃ",
		"0198A000-0000-7000-8000-00000000000C", "{0198a000-0000-7000-8000-00000000000c}", "GBP", "gbp", "XXX", "JPY", "GB", "-1", "1e400",
	}
	edges = []int64{
		0, 1, -1, 2, 100, 101, 1000, 2001, 100_001, 1e9, 1e12, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32,
		math.MaxInt64, math.MaxInt64 - 1, math.MinInt64,
	}
)

func (in *input) text() string {
	switch in.below(6) {
	case 0:
		return traps[in.below(len(traps))]
	case 1:
		return strings.Repeat(traps[in.below(len(traps))]+"a", 1<<in.below(13))
	case 2:
		return in.word()
	case 3: // a word with something in the place of its middle
		word := in.word()
		from := in.below(len(word) + 1)
		to := min(from+in.below(8), len(word))
		return word[:from] + string(in.bytes()) + word[to:]
	default:
		return string(in.bytes())
	}
}

func (in *input) word() string {
	if len(in.words) == 0 {
		return ""
	}
	// The last ones first: they are the answers to the calls before.
	return in.words[len(in.words)-1-in.below(len(in.words))]
}

func (in *input) number() int64 {
	if in.below(2) == 0 {
		return edges[in.below(len(edges))]
	}
	var b [8]byte
	copy(b[:], in.bytes())
	return int64(binary.LittleEndian.Uint64(b[:]))
}

// The most words that are kept.
const maxWords = 200

// harvest adds the texts of a message to words, each once.
func harvest(words []string, message protoreflect.Message) []string {
	words = slices.Clip(words)
	add := func(text string) {
		if text != "" && len(words) < maxWords && !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsList() && field.Message() != nil:
			for i := range min(value.List().Len(), 5) {
				words = harvest(words, value.List().Get(i).Message())
			}
		case field.IsList() && field.Kind() == protoreflect.StringKind:
			for i := range min(value.List().Len(), 5) {
				add(value.List().Get(i).String())
			}
		case field.Message() != nil:
			words = harvest(words, value.Message())
		case field.Kind() == protoreflect.StringKind:
			add(value.String())
		case field.Kind() == protoreflect.BytesKind:
			add(string(value.Bytes()))
		}
		return true
	})
	return words
}

func newMessage(t testing.TB, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}
