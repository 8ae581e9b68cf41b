package kubernetes_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

const observed = "observed"

func TestPrometheusMaySeePodsAndNothingElse(t *testing.T) {
	t.Parallel()
	role := of[*rbacv1.Role](t, observed)["prometheus"]
	if len(role.Rules) != 1 {
		t.Fatalf("the rules are %v", role.Rules)
	}
	rule := role.Rules[0]
	equal(t, "it may", rule.Verbs, []string{"get", "list", "watch"})
	equal(t, "it sees", rule.Resources, []string{"pods"})
	equal(t, "it sees things of the groups", rule.APIGroups, []string{""})
}

func TestPrometheusReachesEveryAdminPortAndNobodyReachesIt(t *testing.T) {
	t.Parallel()
	policies := of[*networkingv1.NetworkPolicy](t, observed)
	own := policies["prometheus"].Spec
	if len(own.Ingress) > 0 {
		t.Errorf("it may be reached by %v", own.Ingress)
	}
	const adminPort = 9100
	out := slices.ContainsFunc(own.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
		return len(rule.To) == 1 && rule.To[0].PodSelector.MatchLabels["app.kubernetes.io/part-of"] == "souk" && rule.Ports[0].Port.IntValue() == adminPort
	})
	if !out {
		t.Errorf("it may reach %v", own.Egress)
	}
	for name, d := range of[*appsv1.Deployment](t, observed) {
		if d.Spec.Template.Labels["app.kubernetes.io/part-of"] != "souk" || d.Spec.Template.Annotations["prometheus.io/port"] != "9100" {
			t.Errorf("it does not find %s", name)
		}
		in := slices.ContainsFunc(policies[name].Spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
			return len(rule.From) == 1 && rule.From[0].NamespaceSelector != nil && selected(rule.From[0].PodSelector.MatchLabels) == "prometheus" &&
				rule.Ports[0].Port.IntValue() == adminPort
		})
		if !in {
			t.Errorf("%s does not let it in", name)
		}
	}
}

func TestPrometheusHasAllRulesAndTheImageOfCompose(t *testing.T) {
	t.Parallel()
	server := of[*appsv1.StatefulSet](t, observed)["prometheus"].Spec.Template.Spec
	contents := map[string]map[string]string{}
	for _, v := range server.Volumes {
		if v.ConfigMap != nil {
			contents[v.Name] = of[*corev1.ConfigMap](t, observed)[v.ConfigMap.Name].Data
		}
	}
	want, err := filepath.Glob("../observability/rules/*.yml")
	if err != nil || len(want) == 0 || len(contents["rules"]) != len(want) {
		t.Errorf("%d files of rules, want %v, %v", len(contents["rules"]), want, err)
	}
	for _, file := range want {
		text, err := os.ReadFile(file)
		if err != nil || contents["rules"][filepath.Base(file)] != string(text) {
			t.Errorf("it does not have %s: %v", file, err)
		}
	}
	if config := contents["config"]["prometheus.yml"]; !strings.Contains(config, "rule_files: [/etc/rules/*.yml]") {
		t.Errorf("it does not read the rules: %s", config)
	}
	file, err := os.ReadFile("../../docker-compose.yml")
	if image := server.Containers[0].Image; err != nil || !strings.Contains(string(file), ":-"+image+"}") {
		t.Errorf("docker-compose.yml does not have the image %s: %v", image, err)
	}
}
