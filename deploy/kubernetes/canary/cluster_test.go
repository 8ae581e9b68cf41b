package canary_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	oldImage, newImage = "souk-orders:1.2.2", "souk-orders:1.2.3"
	oldHash, newHash   = "5d4f", "7c9b"
)

// fake is a cluster with the Deployment orders, and what its controller does.
type fake struct {
	mu     sync.Mutex
	image  string
	paused bool
	// pods are those of each image, and restarts how often each of the new one restarts.
	replicas, oldPods, newPods, restarts int32
	unready                              bool
	unavailable                          int32
	// fails are commands that fail, by their beginnings.
	fails []string
	// before is called before each command; it may be nil.
	before  func(command string)
	changes []string
}

func newFake() *fake { return &fake{image: oldImage, replicas: 2, oldPods: 2} }

// kubectl is the kubectl of the cluster.
func (f *fake) kubectl(ctx context.Context, args ...string) ([]byte, error) {
	command := strings.Join(args, " ")
	if f.before != nil {
		f.before(command)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(f.fails, func(beginning string) bool { return strings.HasPrefix(command, beginning) }) {
		return nil, errors.New("the API server does not answer")
	}
	if args[0] == "get" {
		return f.get(args[3])
	}
	f.changes = append(f.changes, command)
	switch {
	case args[0] == "set":
		_, f.image, _ = strings.Cut(args[3], "=")
		if !f.paused && f.image == newImage {
			f.newPods = 1
		}
	case args[1] == "pause":
		f.paused = true
	case args[1] == "resume":
		f.paused = false
	case args[1] == "status":
		f.finish()
	}
	return nil, nil
}

// finish replaces the pods of the other image.
func (f *fake) finish() {
	f.oldPods, f.newPods = f.replicas, 0
	if f.image != oldImage {
		f.oldPods, f.newPods = 0, f.replicas
	}
}

func (f *fake) get(kind string) ([]byte, error) {
	switch kind {
	case "deployment":
		return json.Marshal(f.deployment())
	case "replicasets":
		return json.Marshal(appsv1.ReplicaSetList{Items: []appsv1.ReplicaSet{
			f.set(oldHash, oldImage, "1", f.oldPods), f.set(newHash, newImage, "2", f.newPods),
		}})
	case "pods":
		status := corev1.ContainerStatus{Name: "service", RestartCount: f.restarts}
		if f.restarts > 0 {
			status.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}
		}
		return json.Marshal(corev1.PodList{Items: []corev1.Pod{{
			ObjectMeta: metav1.ObjectMeta{Name: "orders-new", Labels: labels(newHash)},
			Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{status}},
		}}})
	}
	return nil, fmt.Errorf("no %s", kind)
}

func labels(hash string) map[string]string {
	return map[string]string{"app.kubernetes.io/name": "orders", "pod-template-hash": hash}
}

const revision = "deployment.kubernetes.io/revision"

func (f *fake) deployment() appsv1.Deployment {
	number := map[bool]string{true: "1", false: "2"}[f.image == oldImage]
	none, one := intstr.FromInt32(f.unavailable), intstr.FromInt32(1)
	return appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "orders", UID: "u", Annotations: map[string]string{revision: number}},
		Spec: appsv1.DeploymentSpec{
			Replicas: &f.replicas, Paused: f.paused, MinReadySeconds: 10, Template: template(f.image),
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &none, MaxSurge: &one}},
		},
		Status: appsv1.DeploymentStatus{Replicas: f.oldPods + f.newPods, UpdatedReplicas: f.oldPods, AvailableReplicas: f.oldPods},
	}
}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "service", Image: image}}}}
}

func (f *fake) set(hash, image, number string, pods int32) appsv1.ReplicaSet {
	available := pods
	if f.unready && hash == newHash {
		available = 0
	}
	owner := metav1.OwnerReference{UID: types.UID("u"), Controller: new(true)}
	return appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: "orders-" + hash, Labels: labels(hash), Annotations: map[string]string{revision: number}, OwnerReferences: []metav1.OwnerReference{owner},
		},
		Spec:   appsv1.ReplicaSetSpec{Replicas: &pods, Template: template(image)},
		Status: appsv1.ReplicaSetStatus{AvailableReplicas: available},
	}
}
