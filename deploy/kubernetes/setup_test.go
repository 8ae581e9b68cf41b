// Package kubernetes_test builds the overlays with Kustomize and holds what comes out to the rules of the shop.
package kubernetes_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/resource"

	kustomized "souk/deploy/kubernetes/overlay"
	"souk/deploy/setup"
	"souk/deploy/setup/roster"
)

// overlays are the ways to install the shop.
var overlays = []string{"small", "observed", "operators"}

// custom are the kinds that operators bring along, which Kubernetes itself does not know.
var custom = []string{"postgresql.cnpg.io/v1", "mongodbcommunity.mongodb.com/v1"}

// decoder refuses fields that a kind does not have, as kubectl does.
var decoder = sync.OnceValue(func() runtime.Decoder {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
		rbacv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
})

// built is what Kustomize makes of an overlay.
type built struct {
	objects []runtime.Object
	// others are the names of the objects of kinds that Kubernetes does not know.
	others []string
}

// everything is built once for all tests, because it takes seconds.
var everything = sync.OnceValues(func() (map[string]built, error) {
	all := map[string]built{}
	for _, overlay := range overlays {
		resources, err := kustomized.Build(filepath.Join("overlays", overlay))
		if err != nil {
			return nil, err
		}
		if all[overlay], err = decode(resources.Resources()); err != nil {
			return nil, fmt.Errorf("%s: %w", overlay, err)
		}
	}
	return all, nil
})

func decode(resources []*resource.Resource) (b built, err error) {
	for _, r := range resources {
		if slices.Contains(custom, r.GetApiVersion()) {
			b.others = append(b.others, r.GetName())
			continue
		}
		text, err := r.AsYAML()
		if err != nil {
			return b, err
		}
		object, _, err := decoder().Decode(text, nil, nil)
		if err != nil {
			return b, fmt.Errorf("%s: %w", r.CurId(), err)
		}
		b.objects = append(b.objects, object)
	}
	return b, nil
}

// build returns the objects of an overlay, and the names of those of kinds that Kubernetes does not know.
func build(t *testing.T, overlay string) (objects []runtime.Object, others []string) {
	t.Helper()
	all, err := everything()
	if err != nil {
		t.Fatal(err)
	}
	return all[overlay].objects, all[overlay].others
}

// of returns the objects of one type, by name.
func of[T metav1.Object](t *testing.T, overlay string) map[string]T {
	t.Helper()
	objects, _ := build(t, overlay)
	found := map[string]T{}
	for _, object := range objects {
		if o, ok := object.(T); ok {
			found[o.GetName()] = o
		}
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %T", overlay, *new(T))
	}
	return found
}

// workload is anything that runs pods.
type workload struct {
	name string
	kind string
	pod  corev1.PodTemplateSpec
}

// container returns the only container of the pod.
func (w workload) container(t *testing.T) corev1.Container {
	t.Helper()
	if len(w.pod.Spec.Containers) != 1 || len(w.pod.Spec.InitContainers) > 0 {
		t.Fatalf("%s has %d containers", w.name, len(w.pod.Spec.Containers))
	}
	return w.pod.Spec.Containers[0]
}

// env returns the value of a variable of the container.
func (w workload) env(t *testing.T, name string) string {
	t.Helper()
	for _, variable := range w.container(t).Env {
		if variable.Name == name {
			return variable.Value
		}
	}
	return ""
}

func workloads(t *testing.T, overlay string) (all []workload) {
	t.Helper()
	objects, _ := build(t, overlay)
	for _, object := range objects {
		switch o := object.(type) {
		case *appsv1.Deployment:
			all = append(all, workload{o.Name, "Deployment", o.Spec.Template})
		case *appsv1.StatefulSet:
			all = append(all, workload{o.Name, "StatefulSet", o.Spec.Template})
		case *batchv1.Job:
			all = append(all, workload{o.Name, "Job", o.Spec.Template})
		case *batchv1.CronJob:
			all = append(all, workload{o.Name, "CronJob", o.Spec.JobTemplate.Spec.Template})
		}
	}
	if len(all) < len(processes())+2 {
		t.Fatalf("%s has %d workloads", overlay, len(all))
	}
	return all
}

// processes are the services and the gateway.
func processes() []string { return append(roster.Names(), "gateway") }

// stored is what setup stores in a cluster.
var stored = sync.OnceValues(func() (*setup.Secrets, error) {
	dir, err := os.MkdirTemp("", "setup")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return setup.Keep(setup.Config{Dir: dir})
})

// contents returns what setup stores in a cluster: the names of the files, by the name of the Secret.
func contents(t *testing.T) map[string][]string {
	t.Helper()
	secrets, err := stored()
	if err != nil {
		t.Fatal(err)
	}
	containers, err := secrets.Contents()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{}
	for container, values := range containers {
		if container == "carts-mongo" {
			continue // a shop in Kubernetes is new, or brings its carts along in PostgreSQL
		}
		for name := range values {
			files[setup.SecretName(container)] = append(files[setup.SecretName(container)], name)
		}
	}
	return files
}

// isGo reports whether a workload runs a program in Go. The tools of MongoDB are, its server and all of PostgreSQL are not.
func isGo(t *testing.T, w workload) bool {
	t.Helper()
	return !strings.HasSuffix(w.name, "-db") && !strings.HasPrefix(w.container(t).Image, "postgres:")
}
