package devserver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"syscall"
)

// JaegerConfig says where and how to run a Jaeger server. Dir and ConfigFile are required.
type JaegerConfig struct {
	Dir        string         // its working directory and log, made at first use
	ConfigFile string         // takes its addresses from the environment: JAEGER_QUERY, JAEGER_OTLP
	Port       int            // of the API that finds traces; zero takes a free one
	OTLPPort   int            // where processes send their traces, by OTLP over gRPC; zero takes a free one
	LogFile    string         // jaeger.log in Dir if empty
	Progress   func(string)   // told what takes long, such as building the server; may be nil
	Started    func(*Process) // told of the process as soon as it runs, before it answers; may be nil
}

// Jaeger is a running Jaeger server. It keeps traces in memory.
type Jaeger struct {
	*Process
	addr, otlpAddr string
}

// StartJaeger starts a Jaeger server on 127.0.0.1 and returns when it answers. The program is $SOUK_JAEGER, or what tools/build
// makes. It fails if a port is in use.
func StartJaeger(ctx context.Context, config JaegerConfig) (*Jaeger, error) {
	server, err := startJaeger(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start Jaeger: %w", err)
	}
	return server, nil
}

func startJaeger(ctx context.Context, config JaegerConfig) (*Jaeger, error) {
	path, err := findTool(ctx, "SOUK_JAEGER", "jaeger", config.Progress)
	if err != nil {
		return nil, err
	}
	dir, err := prepareDir(config.Dir)
	if err != nil {
		return nil, err
	}
	port, err := usablePort(config.Port)
	if err != nil {
		return nil, err
	}
	otlpPort, err := usablePort(config.OTLPPort)
	if err != nil {
		return nil, err
	}
	server := &Jaeger{addr: loopback(port), otlpAddr: loopback(otlpPort)}
	grpcPort, err := FreePort()
	if err != nil {
		return nil, err
	}
	server.Process, err = StartProcess(ctx, ProcessConfig{
		Name: "jaeger",
		Path: path,
		Args: []string{"--config", config.ConfigFile},
		Env:  append(os.Environ(), "JAEGER_QUERY="+server.addr, "JAEGER_QUERY_GRPC="+loopback(grpcPort), "JAEGER_OTLP="+server.otlpAddr),
		Dir:  dir, LogFile: logFileIn(dir, "jaeger", config.LogFile), DeathSignal: syscall.SIGTERM, Started: config.Started,
	})
	if err != nil {
		return nil, err
	}
	ready := func(ctx context.Context) error { return probePage(ctx, "http://"+server.addr+"/api/services") }
	if err := waitReady(ctx, server.Process, ready); err != nil {
		return nil, err
	}
	return server, nil
}

// Addr is the host:port of the HTTP API.
func (j *Jaeger) Addr() string { return j.addr }

// OTLPAddr is the host:port that takes traces by OTLP over gRPC.
func (j *Jaeger) OTLPAddr() string { return j.otlpAddr }

// probePage fails until a page answers 200.
func probePage(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Close = true // leave no idle connection, and no goroutine, to the caller
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}
