package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	_ "souk/proto/gen/souk/carts/v1"
	_ "souk/proto/gen/souk/catalog/v1"
	_ "souk/proto/gen/souk/customers/v1"
	_ "souk/proto/gen/souk/errors/v1"
	_ "souk/proto/gen/souk/inventory/v1"
	_ "souk/proto/gen/souk/orders/v1"
	_ "souk/proto/gen/souk/payments/v1"
	_ "souk/proto/gen/souk/shipping/v1"

	"souk/platform/rpc"
)

// A reason that is misspelled in a text matches nothing, and no compiler says so.
func TestNoReasonOfAnErrorIsWrittenAsAText(t *testing.T) {
	t.Parallel()
	reasons := map[string]bool{}
	for _, reason := range rpc.Reasons() {
		name := rpc.ReasonName(reason)
		var code codes.Code
		// The name of a gRPC code has other uses, such as in the configuration of retries.
		if code.UnmarshalJSON([]byte(strconv.Quote(name))) != nil {
			reasons[name] = true
		}
	}
	if len(reasons) < 45 {
		t.Fatalf("only %d reasons", len(reasons))
	}
	files := 0
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root(t) || entry.Name() == "gen" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go"):
			return nil
		}
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && reasons[text] {
					t.Errorf("%s has %s as a text: use the value of its enum", path, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files < 300 {
		t.Errorf("%d files, %v", files, err)
	}
}
