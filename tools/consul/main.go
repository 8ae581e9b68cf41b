// Command consul is HashiCorp's Consul with the commands that the shop needs, agent and version: the others, and the clients of clouds,
// take minutes to compile.
package main

import (
	"fmt"
	"os"

	mcli "github.com/mitchellh/cli"

	"github.com/hashicorp/consul/command/agent"
	"github.com/hashicorp/consul/command/cli"
	"github.com/hashicorp/consul/command/version"
)

func main() {
	ui := &cli.BasicUI{BasicUi: mcli.BasicUi{Writer: os.Stdout, ErrorWriter: os.Stderr}}
	consul := mcli.NewCLI("consul", "")
	consul.Args = os.Args[1:]
	consul.Commands = map[string]mcli.CommandFactory{
		"agent":   func() (mcli.Command, error) { return agent.New(ui), nil },
		"version": func() (mcli.Command, error) { return version.New(ui), nil },
	}
	status, err := consul.Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "consul:", err)
	}
	os.Exit(status)
}
