package kubernetes_test

import (
	"fmt"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"souk/deploy/setup/roster"
)

// withBackups is the overlay whose databases are dumped. The operators of the other one have backups of their own.
const withBackups = "small"

// Why in this order, docs/backup.md says.
func TestEveryDatabaseIsDumpedEachNightAndOrdersAfterThoseThatActForIt(t *testing.T) {
	t.Parallel()
	minutes := map[string]int{}
	for _, service := range roster.Names() {
		job := cronJob(t, service+"-backup")
		var minute, hour int
		if n, err := fmt.Sscanf(job.Spec.Schedule, "%d %d * * *", &minute, &hour); n != 2 || err != nil {
			t.Errorf("%s is dumped at %q", service, job.Spec.Schedule)
		}
		if job.Spec.Suspend != nil && *job.Spec.Suspend || job.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent || job.Spec.TimeZone == nil {
			t.Errorf("%s is dumped by %v", service, job.Spec)
		}
		minutes[service] = 60*hour + minute
	}
	for _, service := range roster.Names() {
		if service != "orders" && service != "customers" && minutes[service] >= minutes["orders"] {
			t.Errorf("%s is dumped at minute %d, and orders at %d", service, minutes[service], minutes["orders"])
		}
	}
	if minutes["customers"] <= minutes["orders"] {
		t.Errorf("customers is dumped at minute %d, and orders at %d", minutes["customers"], minutes["orders"])
	}
}

func TestNothingIsRestoredUnlessSomebodySaysSo(t *testing.T) {
	t.Parallel()
	names := []string{"backups"}
	for _, service := range roster.Names() {
		names = append(names, service+"-restore")
	}
	for _, name := range names {
		if job := cronJob(t, name); job.Spec.Suspend == nil || !*job.Spec.Suspend || *job.Spec.JobTemplate.Spec.BackoffLimit > 0 {
			t.Errorf("%s runs at %q, and tries again", name, job.Spec.Schedule)
		}
	}
}

func TestAllDumpsAreInOneVolumeThatOnlyDumpingMayChange(t *testing.T) {
	t.Parallel()
	volumes := of[*corev1.PersistentVolumeClaim](t, withBackups)
	for _, service := range roster.Names() {
		for name, readOnly := range map[string]bool{service + "-backup": false, service + "-restore": true} {
			pod := cronJob(t, name).Spec.JobTemplate.Spec.Template.Spec
			for _, mount := range pod.Containers[0].VolumeMounts {
				if mount.Name == "backups" && (mount.MountPath != pod.Containers[0].WorkingDir || mount.ReadOnly != readOnly) {
					t.Errorf("%s works in %s, and mounts %v", name, pod.Containers[0].WorkingDir, mount)
				}
			}
			claim := pod.Volumes[1].PersistentVolumeClaim
			if claim == nil || volumes[claim.ClaimName] == nil {
				t.Errorf("%s mounts %v, and there are %v", name, claim, volumes)
			}
		}
	}
}

func cronJob(t *testing.T, name string) *batchv1.CronJob {
	t.Helper()
	job := of[*batchv1.CronJob](t, withBackups)[name]
	if job == nil {
		t.Fatalf("there is no CronJob %s", name)
	}
	return job
}
