package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"souk/deploy/local/productfile"
	"souk/platform/config"
	"souk/platform/secret"
)

// importConfig contains the address of a running shop, and how to be let in. No secret is on the command line, where others see it.
type importConfig struct {
	URL string `env:"URL" envDefault:"http://127.0.0.1:8080" redact:"no"`
	// Token is an access token or an API key.
	Token         secret.Text `env:"TOKEN"`
	StaffEmail    string      `env:"STAFF_EMAIL" envDefault:"staff@souk.example"`
	StaffPassword secret.Text `env:"STAFF_PASSWORD"`
}

// Validate returns an error that names what is missing.
func (c *importConfig) Validate() error {
	if c.Token == "" && c.StaffPassword == "" {
		return errors.New("set SOUK_TOKEN to an access token or an API key with the scope catalog:write, or SOUK_STAFF_EMAIL and SOUK_STAFF_PASSWORD")
	}
	return nil
}

// importFile sends a product file to a shop.
func importFile(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("souk import", flag.ContinueOnError)
	url := flags.String("url", "", "the address of the shop, instead of SOUK_URL")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New(usage)
	}
	var cfg importConfig
	if err := config.Load(&cfg); err != nil {
		return err
	}
	if *url != "" {
		cfg.URL = *url
	}
	out := newImportOutput(os.Stdout, os.Stderr)
	return productfile.Import(ctx, flags.Arg(0), &productfile.Shop{
		URL: cfg.URL, Token: string(cfg.Token), Email: cfg.StaffEmail, Password: string(cfg.StaffPassword), Waiting: out.waiting,
	}, out)
}

// How often the progress is a line, if it is not a bar.
const importLineEvery = 5 * time.Second

// importOutput prints what became of rows, and the progress: a bar on a terminal, and lines elsewhere.
type importOutput struct {
	results, progress *os.File
	bar               *progressbar.ProgressBar
	terminal          bool
	line              time.Time
}

func newImportOutput(results, progress *os.File) *importOutput {
	return &importOutput{results: results, progress: progress, terminal: term.IsTerminal(int(progress.Fd()))}
}

// Say implements productfile.Output.
func (o *importOutput) Say(line string) { o.print(o.progress, line) }

// Problem implements productfile.Output.
func (o *importOutput) Problem(kind string, p productfile.Problem) {
	o.print(o.results, fmt.Sprintf("%s: %s", kind, p))
}

// print prints a line where the bar was. The next step draws the bar below it.
func (o *importOutput) print(to *os.File, line string) {
	if o.bar != nil {
		_ = o.bar.Clear()
	}
	fmt.Fprintln(to, line)
}

// Done implements productfile.Output.
func (o *importOutput) Done(rows, all int) {
	switch {
	case o.terminal:
		if o.bar == nil {
			o.bar = progressbar.NewOptions(all, progressbar.OptionSetWriter(o.progress), progressbar.OptionSetDescription("rows"),
				progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
		}
		_ = o.bar.Set(rows)
	case rows == all || time.Since(o.line) >= importLineEvery:
		o.line = time.Now()
		fmt.Fprintf(o.progress, "%d of %d rows\n", rows, all)
	}
}

func (o *importOutput) waiting(reason error, wait time.Duration) {
	o.Say(fmt.Sprintf("%v; trying again in %v", reason, wait.Round(time.Second)))
}
