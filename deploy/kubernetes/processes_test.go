package kubernetes_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"souk/deploy/setup/roster"
)

func TestEveryProcessOfTheShopIsThere(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		_, others := build(t, overlay)
		servers := map[string]bool{}
		for _, name := range others {
			servers[name] = true
		}
		for _, w := range workloads(t, overlay) {
			servers[w.name] = true
		}
		for _, name := range processes() {
			if !servers[name] {
				t.Errorf("%s lacks %s", overlay, name)
			}
		}
		for _, name := range roster.Names() {
			if !servers[name+"-db"] {
				t.Errorf("%s lacks the database of %s", overlay, name)
			}
		}
		if deployed := of[*appsv1.Deployment](t, overlay); len(deployed) != len(processes()) {
			t.Errorf("%s has %d deployments", overlay, len(deployed))
		}
	}
}

// Dependencies are Consul's business: a restart does not bring them back, and without ready pods nothing could say that they are away.
func TestProbesAskTheProcessAlone(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for name, d := range of[*appsv1.Deployment](t, overlay) {
			c := d.Spec.Template.Spec.Containers[0]
			asks := func(probe *corev1.Probe, path string) {
				t.Helper()
				if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port.String() != "admin" {
					t.Errorf("%s: a probe of %s is %v, want %s", overlay, name, probe, path)
				}
			}
			asks(c.StartupProbe, "/livez")
			asks(c.ReadinessProbe, "/readyz")
			asks(c.LivenessProbe, "/livez")
			if start := time.Duration(c.StartupProbe.FailureThreshold*c.StartupProbe.PeriodSeconds) * time.Second; start < 10*time.Minute {
				t.Errorf("%s: a migration of %s may take %v only", overlay, name, start)
			}
		}
	}
}

// drain is the default of SOUK_DRAIN. The rest is for leaving Consul and for work in the background.
const drain, rest = 10 * time.Second, 10 * time.Second

func TestARollingUpdateTakesNoPodAwayBeforeAnotherServes(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for name, d := range of[*appsv1.Deployment](t, overlay) {
			update := d.Spec.Strategy.RollingUpdate
			if d.Spec.Replicas != nil || update == nil || update.MaxUnavailable.IntValue() != 0 || update.MaxSurge.IntValue() != 1 {
				t.Errorf("%s: %s is updated by %v, with %v replicas", overlay, name, update, d.Spec.Replicas)
			}
			// Consul checks each second, and a stale catalog is noticed after two confirmations.
			if d.Spec.MinReadySeconds < 5 {
				t.Errorf("%s: %s has %d s to be found", overlay, name, d.Spec.MinReadySeconds)
			}
			var lameDuck time.Duration
			for _, variable := range d.Spec.Template.Spec.Containers[0].Env {
				if variable.Name == "SOUK_GATEWAY_LAME_DUCK" {
					lameDuck = duration(t, variable.Value)
				}
			}
			grace := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second
			if grace < lameDuck+drain+rest || (lameDuck > 0) != (name == "gateway") {
				t.Errorf("%s: %s is killed after %v; its lame duck time is %v", overlay, name, grace, lameDuck)
			}
		}
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEveryProcessIsScaledSpreadAndKeptThroughDrains(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		budgets, scalers := of[*policyv1.PodDisruptionBudget](t, overlay), of[*autoscalingv2.HorizontalPodAutoscaler](t, overlay)
		for name, d := range of[*appsv1.Deployment](t, overlay) {
			label := d.Spec.Template.Labels["app.kubernetes.io/name"]
			if label != name || d.Spec.Selector.MatchLabels["app.kubernetes.io/name"] != name {
				t.Errorf("%s: %s has the pods %q", overlay, name, label)
			}
			budget := budgets[name]
			if budget == nil || budget.Spec.Selector.MatchLabels["app.kubernetes.io/name"] != name || budget.Spec.MaxUnavailable.IntValue() != 1 {
				t.Errorf("%s: %s has the disruption budget %v", overlay, name, budget)
			}
			scaler := scalers[name]
			if scaler == nil || scaler.Spec.ScaleTargetRef.Name != name || scaler.Spec.ScaleTargetRef.Kind != "Deployment" || len(scaler.Spec.Metrics) == 0 {
				t.Errorf("%s: %s has the autoscaler %v", overlay, name, scaler)
			}
			if spread := d.Spec.Template.Spec.TopologySpreadConstraints; len(spread) != 2 || spread[0].TopologyKey == spread[1].TopologyKey ||
				d.Spec.Template.Labels["app.kubernetes.io/part-of"] != spread[0].LabelSelector.MatchLabels["app.kubernetes.io/part-of"] {
				t.Errorf("%s: %s is spread by %v", overlay, name, spread)
			}
		}
	}
}

// A service refuses to start if its instances could together use up the connections of the database. It has to know how many there are.
func TestADatabaseHasRoomForAsManyInstancesAsTheAutoscalerStarts(t *testing.T) {
	t.Parallel()
	const eachUses, serverAllows = 10 + 2, 100 - 3 // the defaults of SOUK_…_DATABASE_MAX_CONNS and of PostgreSQL
	for _, overlay := range overlays {
		scalers := of[*autoscalingv2.HorizontalPodAutoscaler](t, overlay)
		for _, w := range workloads(t, overlay) {
			setting := w.env(t, "SOUK_"+strings.ToUpper(w.name)+"_DATABASE_INSTANCES")
			if setting == "" {
				continue
			}
			instances, err := strconv.Atoi(setting)
			if most := int(scalers[w.name].Spec.MaxReplicas) + 1; err != nil || instances < most || instances*eachUses > serverAllows {
				t.Errorf("%s: %s may have %d instances, and its database is told of %s", overlay, w.name, most, setting)
			}
		}
	}
}

// A finished Job cannot be changed, so it has to be gone before the next apply.
func TestJobsGoAwayAndTryAgain(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for name, job := range of[*batchv1.Job](t, overlay) {
			if job.Spec.TTLSecondsAfterFinished == nil || job.Spec.BackoffLimit == nil || *job.Spec.BackoffLimit < 10 {
				t.Errorf("%s: %s stays for %v and tries %v times", overlay, name, job.Spec.TTLSecondsAfterFinished, job.Spec.BackoffLimit)
			}
		}
	}
}

func TestAProcessIsRegisteredWithTheAddressOfItsPod(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for name, d := range of[*appsv1.Deployment](t, overlay) {
			found := false
			for _, variable := range d.Spec.Template.Spec.Containers[0].Env {
				found = found || variable.Name == "SOUK_"+strings.ToUpper(name)+"_ADVERTISE" && variable.ValueFrom.FieldRef.FieldPath == "status.podIP"
			}
			if !found {
				t.Errorf("%s: %s is registered with an address by chance", overlay, name)
			}
		}
	}
}
