package cluster

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// container is the one of a process that has its image.
	container = "service"

	nameLabel          = "app.kubernetes.io/name"
	hashLabel          = "pod-template-hash"
	revisionAnnotation = "deployment.kubernetes.io/revision"
)

// State is a Deployment with its ReplicaSets and pods.
type State struct {
	Deployment appsv1.Deployment
	sets       []appsv1.ReplicaSet
	pods       []corev1.Pod
}

// Read reads the state of a Deployment.
func (k Kubectl) Read(ctx context.Context, name string) (s State, err error) {
	if err := k.get(ctx, &s.Deployment, "deployment", name); err != nil {
		return s, err
	}
	var sets appsv1.ReplicaSetList
	if err := k.get(ctx, &sets, "replicasets", "--selector", nameLabel+"="+name); err != nil {
		return s, err
	}
	for _, set := range sets.Items {
		if metav1.IsControlledBy(&set, &s.Deployment) {
			s.sets = append(s.sets, set)
		}
	}
	var pods corev1.PodList
	if err := k.get(ctx, &pods, "pods", "--selector", nameLabel+"="+name); err != nil {
		return s, err
	}
	s.pods = pods.Items
	return s, nil
}

// Image returns the image of the Deployment.
func (s State) Image() string { return imageOf(s.Deployment.Spec.Template.Spec) }

func imageOf(pod corev1.PodSpec) string {
	for _, c := range pod.Containers {
		if c.Name == container {
			return c.Image
		}
	}
	return ""
}

// Current returns the ReplicaSet of the revision that the Deployment has now, or nil if it is not there yet.
func (s State) Current() *appsv1.ReplicaSet {
	if s.Deployment.Status.ObservedGeneration < s.Deployment.Generation {
		return nil
	}
	for i, set := range s.sets {
		if set.Annotations[revisionAnnotation] == s.Deployment.Annotations[revisionAnnotation] && imageOf(set.Spec.Template.Spec) == s.Image() {
			return &s.sets[i]
		}
	}
	return nil
}

// set returns the ReplicaSet of a version, or an empty one.
func (s State) set(version string) appsv1.ReplicaSet {
	for _, set := range s.sets {
		if set.Labels[hashLabel] == version {
			return set
		}
	}
	return appsv1.ReplicaSet{}
}

// Ready reports whether a pod of the version is ready, and has been for as long as the Deployment wants.
func (s State) Ready(version string) bool { return s.set(version).Status.AvailableReplicas > 0 }

// Trouble returns an error if a pod of the version cannot start, or has died.
func (s State) Trouble(version string) error {
	for _, pod := range s.pods {
		if pod.Labels[hashLabel] != version {
			continue
		}
		for _, c := range pod.Status.ContainerStatuses {
			if c.RestartCount > 0 || c.State.Terminated != nil {
				return fmt.Errorf("the new pod %s has ended: %s", pod.Name, ended(c))
			}
			if waits := c.State.Waiting; waits != nil && (waits.Reason == "ImagePullBackOff" || waits.Reason == "InvalidImageName" || waits.Reason == "ErrImageNeverPull") {
				return fmt.Errorf("the new pod %s has no image: %s: %s", pod.Name, waits.Reason, waits.Message)
			}
		}
	}
	return nil
}

// ended says how a container ended last.
func ended(c corev1.ContainerStatus) string {
	last := c.LastTerminationState.Terminated
	if c.State.Terminated != nil {
		last = c.State.Terminated
	}
	if last == nil {
		return fmt.Sprintf("%d restarts", c.RestartCount)
	}
	return fmt.Sprintf("%s, exit code %d, %d restarts", last.Reason, last.ExitCode, c.RestartCount)
}
