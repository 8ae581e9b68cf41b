package bench

import (
	"context"
	"io"
)

// againstBar is the least that requests per processor second may be, compared with the other version.
const againstBar = 0.98

// Against compares a shop of today's binaries with one of the binaries in a folder, such as those of an earlier commit.
func Against(ctx context.Context, binDir string, plan Plan, progress func(string), out io.Writer) error {
	turns := turns{Names: [2]string{"the other version", "today's"}, Bar: againstBar, Plan: plan, Progress: progress}
	return turns.compare(ctx, [2]Options{{BinDir: binDir}, {}}, out)
}
