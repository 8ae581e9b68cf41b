package balance_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/balance"
)

func TestEjectionsAreReportedAndLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, nil))
		f := newFleetNamed(t, "told", 2)
		f.calls(t, 20)
		f.instances[1].answer(errBad)
		for range 10 {
			call := &balance.Call{Logger: logger}
			_, _ = f.keys.ListKeys(call.Context(t.Context()), &accessv1.ListKeysRequest{})
		}
		got := leftAlone("told")
		until := time.Now().Add(10 * time.Second)
		if len(got) != 1 || got[0].Address != address(1) || got[0].Reason != balance.Outlier || !got[0].Until.Equal(until) || got[0].FailureRate < 0.5 {
			t.Errorf("left alone are %+v", got)
		}
		if text := log.String(); strings.Count(text, `"msg":"instance ejected","service":"told","address":"1","failure_rate":0.59`) != 1 {
			t.Errorf("the log is %s", text)
		}
		f.instances[1].answer(nil)
		time.Sleep(10 * time.Second)
		for range 3 {
			call := &balance.Call{Repeatable: true, Logger: logger}
			_, _ = f.keys.ListKeys(call.Context(t.Context()), &accessv1.ListKeysRequest{})
		}
		if text := log.String(); strings.Count(text, `"msg":"instance taken back","service":"told","address":"1"`) != 1 || len(leftAlone("told")) != 0 {
			t.Errorf("left alone are %+v, the log is %s", leftAlone("told"), text)
		}
	})
}

func TestSilentInstancesAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleetNamed(t, "silent", 2)
		f.instances[1].hang()
		f.calls(t, 2)
		if got := leftAlone("silent"); len(got) != 1 || got[0].Address != address(1) || got[0].Reason != balance.Silent {
			t.Errorf("left alone are %+v", got)
		}
	})
	if got := leftAlone("silent"); len(got) != 0 {
		t.Errorf("of a connection that is closed %+v are left alone", got)
	}
}

func leftAlone(service string) []balance.Absence {
	var some []balance.Absence
	for _, one := range balance.LeftAlone() {
		if one.Service == service {
			some = append(some, one)
		}
	}
	return some
}
