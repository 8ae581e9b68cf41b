package devserver

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
)

// PrometheusConfig says where and how to run a Prometheus server. Dir and ConfigFile are required.
type PrometheusConfig struct {
	Dir        string         // its data, made at first use
	ConfigFile string         // read again when Prometheus is asked at POST /-/reload
	Port       int            // zero takes a free one
	LogFile    string         // prometheus.log in Dir if empty
	Progress   func(string)   // told what takes long, such as building the server; may be nil
	Started    func(*Process) // told of the process as soon as it runs, before it answers; may be nil
}

// Prometheus is a running Prometheus server.
type Prometheus struct {
	*Process
	addr string
}

// StartPrometheus starts a Prometheus server on 127.0.0.1 and returns when it answers. The program is $SOUK_PROMETHEUS, or what
// tools/build makes. It keeps samples for two days. It fails if the port is in use.
func StartPrometheus(ctx context.Context, config PrometheusConfig) (*Prometheus, error) {
	server, err := startPrometheus(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start Prometheus: %w", err)
	}
	return server, nil
}

func startPrometheus(ctx context.Context, config PrometheusConfig) (*Prometheus, error) {
	path, err := findTool(ctx, "SOUK_PROMETHEUS", "prometheus", config.Progress)
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
	addr := loopback(port)
	process, err := StartProcess(ctx, ProcessConfig{
		Name: "prometheus",
		Path: path,
		Args: []string{
			"--config.file=" + config.ConfigFile, "--storage.tsdb.path=" + dir, "--storage.tsdb.retention.time=2d",
			"--web.listen-address=" + addr, "--web.enable-lifecycle", "--log.level=warn",
		},
		Dir:         dir,
		LogFile:     logFileIn(dir, "prometheus", config.LogFile),
		DeathSignal: syscall.SIGTERM,
		Started:     config.Started,
	})
	if err != nil {
		return nil, err
	}
	if err := waitReady(ctx, process, func(ctx context.Context) error { return probePage(ctx, "http://"+addr+"/-/ready") }); err != nil {
		return nil, err
	}
	return &Prometheus{Process: process, addr: addr}, nil
}

// Addr is the host:port of the HTTP API.
func (p *Prometheus) Addr() string { return p.addr }

// logFileIn is the log file that a configuration names, or the one of the server in its folder.
func logFileIn(dir, server, configured string) string {
	if configured != "" {
		return configured
	}
	return filepath.Join(dir, server+".log")
}
