package devserver

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
)

// MongoConfig says where and how to run a FerretDB server. Dir is required.
type MongoConfig struct {
	Dir      string         // its data, made at first use
	Port     int            // zero takes a free one
	LogFile  string         // ferretdb.log in Dir if empty
	Fast     bool           // for tests: data may be lost if the machine (not the server) crashes
	Progress func(string)   // told what takes long, such as building the server; may be nil
	Started  func(*Process) // told of each process as soon as it runs, before it answers; may be nil
}

// Mongo is a running FerretDB server, which speaks MongoDB's wire protocol.
type Mongo struct {
	*Process
	port int
}

// StartMongo starts a FerretDB server on 127.0.0.1, without authentication, and returns when it accepts
// connections. The program is $SOUK_FERRETDB, or built by tools/build. It fails if the port is in use.
func StartMongo(ctx context.Context, config MongoConfig) (*Mongo, error) {
	server, err := startMongo(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("start FerretDB: %w", err)
	}
	return server, nil
}

func startMongo(ctx context.Context, config MongoConfig) (*Mongo, error) {
	path, err := findTool(ctx, "SOUK_FERRETDB", "ferretdb", config.Progress)
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
	logFile := config.LogFile
	if logFile == "" {
		logFile = filepath.Join(dir, "ferretdb.log")
	}
	args := []string{"-addr", loopback(port), "-dir", MongoData(dir)}
	if config.Fast {
		args = append(args, "-fast")
	}
	process, err := StartProcess(ctx, ProcessConfig{
		Name:    "ferretdb",
		Path:    path,
		Args:    args,
		LogFile: logFile,
		Started: config.Started,
	})
	if err != nil {
		return nil, err
	}
	err = waitReady(ctx, process, func(ctx context.Context) error {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "tcp", loopback(port))
		if err != nil {
			return err
		}
		return connection.Close()
	})
	if err != nil {
		return nil, err
	}
	return &Mongo{Process: process, port: port}, nil
}

// Port is the TCP port on 127.0.0.1.
func (m *Mongo) Port() int { return m.port }

// URL is the server's connection string, without a database.
func (m *Mongo) URL() string { return "mongodb://" + loopback(m.port) + "/" }
