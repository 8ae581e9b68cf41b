package kubernetes_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestEveryContainerIsConfined(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			pod, c := w.pod.Spec, w.container(t).SecurityContext
			if c == nil || pod.SecurityContext == nil {
				t.Errorf("%s: %s has no security context", overlay, w.name)
				continue
			}
			if !yes(pod.SecurityContext.RunAsNonRoot) || pod.SecurityContext.RunAsUser == nil || *pod.SecurityContext.RunAsUser == 0 || c.RunAsUser != nil {
				t.Errorf("%s: %s may run as root", overlay, w.name)
			}
			if profile := pod.SecurityContext.SeccompProfile; profile == nil || profile.Type != corev1.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: %s has the seccomp profile %v", overlay, w.name, profile)
			}
			if !yes(c.ReadOnlyRootFilesystem) || c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation || c.Privileged != nil {
				t.Errorf("%s: %s may write into its image or gain privileges", overlay, w.name)
			}
			if c.Capabilities == nil || !slices.Equal(c.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(c.Capabilities.Add) > 0 {
				t.Errorf("%s: %s has capabilities: %v", overlay, w.name, c.Capabilities)
			}
			if pod.HostNetwork || pod.HostPID || pod.HostIPC {
				t.Errorf("%s: %s shares something with its node", overlay, w.name)
			}
		}
	}
}

func yes(b *bool) bool { return b != nil && *b }

// Only what stores secrets talks to the API server, and Prometheus, which lists the pods.
func TestOnlySetupAndPrometheusHaveATokenForTheAPIServer(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			mounts := w.pod.Spec.AutomountServiceAccountToken
			want := w.name == "setup" || w.name == "database-setup" || w.name == "prometheus"
			if mounts == nil || *mounts != want || (w.pod.Spec.ServiceAccountName != "") != want {
				t.Errorf("%s: %s has the service account %q", overlay, w.name, w.pod.Spec.ServiceAccountName)
			}
		}
	}
}

// The garbage collector works harder from GOMEMLIMIT on. What the collector does not count, such as the binary, needs the rest.
func TestMemoryIsLimitedAndGoKnows(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			r := w.container(t).Resources
			if r.Requests.Cpu().IsZero() || r.Requests.Memory().IsZero() || r.Limits.Cpu().IsZero() || r.Limits.Memory().IsZero() {
				t.Errorf("%s: %s has the requests %v and the limits %v", overlay, w.name, r.Requests, r.Limits)
				continue
			}
			soft := w.env(t, "GOMEMLIMIT")
			if (soft == "") == isGo(t, w) {
				t.Errorf("%s: %s has the GOMEMLIMIT %q", overlay, w.name, soft)
			}
			if share := mebibytes(t, soft) * (1 << 20) / r.Limits.Memory().AsApproximateFloat64(); soft != "" && (share < 0.8 || share > 0.9) {
				t.Errorf("%s: GOMEMLIMIT of %s is %.2f of %s", overlay, w.name, share, r.Limits.Memory())
			}
		}
	}
}

func mebibytes(t *testing.T, size string) float64 {
	t.Helper()
	if size == "" {
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(size, "MiB"), 64)
	if err != nil {
		t.Fatalf("a size of %q", size)
	}
	return n
}

// Images come from docker compose build, or from a registry that an overlay names.
func TestImagesAreThoseOfComposeAndMayBeThereAlready(t *testing.T) {
	t.Parallel()
	image := regexp.MustCompile(`^(souk-[a-z]+|postgres|mongo|hashicorp/consul|prom/prometheus):[a-z0-9.]+$`)
	built := compose(t).Services
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			c := w.container(t)
			if !image.MatchString(c.Image) || c.ImagePullPolicy != corev1.PullIfNotPresent {
				t.Errorf("%s: %s has the image %s, pulled %s", overlay, w.name, c.Image, c.ImagePullPolicy)
			}
			name, _, _ := strings.Cut(strings.TrimPrefix(c.Image, "souk-"), ":")
			if _, ok := built[name]; strings.HasPrefix(c.Image, "souk-") && !ok {
				t.Errorf("%s: %s has an image that docker compose build does not make: %s", overlay, w.name, c.Image)
			}
		}
	}
}
