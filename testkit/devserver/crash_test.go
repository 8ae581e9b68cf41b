package devserver

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// state is the letter that Linux gives a process's state, T for one that was stopped, or empty without one.
func state(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[:1]
}

func TestAPausedProcessStandsStillWithAllItStarted(t *testing.T) {
	t.Parallel()
	p := shell(t, "sleep 60 & sleep 60 & wait", nil)
	var family []int
	await(t, func() bool {
		var err error
		if family, err = descendants(p.PID()); err != nil {
			t.Fatal(err)
		}
		return len(family) == 2
	})
	all := append([]int{p.PID()}, family...)
	stopped := func() (count int) {
		for _, pid := range all {
			if state(pid) == "T" {
				count++
			}
		}
		return count
	}
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return stopped() == 3 })
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return stopped() == 0 })
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return !running(family[0]) && !running(family[1]) })
	if err := p.Kill(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := p.Pause(); err != nil {
		t.Errorf("pause what has ended: %v", err)
	}
}

func TestAKilledPostgresComesBackOnTheSamePortAgainAndAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startTestPostgres(t, dir)
	psql(t, server, "CREATE TABLE things (id int)")
	for round := range 3 {
		psql(t, server, "INSERT INTO things VALUES (1)")
		family, err := descendants(server.PID())
		if err != nil || len(family) == 0 {
			t.Fatalf("round %d: the server's processes are %v, %v", round, family, err)
		}
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		for _, pid := range family {
			await(t, func() bool { return !running(pid) })
		}
		// Once more, while it starts.
		config := PostgresConfig{Dir: dir, Port: server.Port(), Fast: true, Started: func(p *Process) { _ = p.Kill() }}
		if _, err := StartPostgres(t.Context(), config); err == nil {
			t.Fatal("a server that was killed as it started answers")
		}
		config.Started = nil
		if server, err = StartPostgres(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Stop(context.Background()) })
		if got := psql(t, server, "SELECT count(*) FROM things"); got != strconv.Itoa(round+1) {
			t.Errorf("round %d: %s rows are left of what was committed", round, got)
		}
	}
}

func TestAKilledConsulAndAKilledFerretDBComeBackOnTheirPorts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	consul := startTestConsul(t, filepath.Join(dir, "consul"))
	mongo, err := StartMongo(t.Context(), MongoConfig{Dir: filepath.Join(dir, "mongo"), Fast: true, Progress: logLine(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := consul.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := mongo.Kill(); err != nil {
			t.Fatal(err)
		}
		port, err := strconv.Atoi(strings.TrimPrefix(consul.Addr(), "127.0.0.1:"))
		if err != nil {
			t.Fatal(err)
		}
		if consul, err = StartConsul(t.Context(), ConsulConfig{Dir: filepath.Join(dir, "consul"), HTTPPort: port}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = consul.Stop(context.Background()) })
		if mongo, err = StartMongo(t.Context(), MongoConfig{Dir: filepath.Join(dir, "mongo"), Port: mongo.Port(), Fast: true}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = mongo.Stop(context.Background()) })
	}
}
