package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// ErrTakenOver means that somebody else has changed the Deployment meanwhile.
var ErrTakenOver = errors.New("somebody else has changed the Deployment")

const (
	poll = 500 * time.Millisecond
	// controllerTime is how long the controller of Deployments may take to start a pod.
	controllerTime = 30 * time.Second
	// lastWait is how long a whole rollout may take: a service may migrate its database for half an hour.
	lastWait = "40m"
)

// Rollout replaces one image of a Deployment by another.
type Rollout struct {
	Kubectl Kubectl
	Name    string
	// Before and After are the images, and Old and New the hashes of their pods.
	Before, After string
	Old, New      string
}

// Prepare returns a rollout of an image, of which nothing has been done yet. It returns an error if the Deployment is not in a state in
// which one new pod can be tried beside all old ones.
func Prepare(ctx context.Context, kubectl Kubectl, name, image string) (*Rollout, error) {
	s, err := kubectl.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	d, current := s.Deployment, s.Current()
	switch {
	case d.Spec.Paused:
		return nil, fmt.Errorf("the rollout of %s is paused: finish it first, with kubectl rollout resume or kubectl rollout undo", name)
	case current == nil || !complete(d):
		return nil, fmt.Errorf("%s is not at rest: %d of %d pods are up to date and available", name, min(d.Status.UpdatedReplicas, d.Status.AvailableReplicas), d.Status.Replicas)
	case s.Image() == image:
		return nil, fmt.Errorf("%s has the image %s already", name, image)
	case !keepsOldPods(d):
		return nil, fmt.Errorf("%s would lose old pods at once: its strategy is not maxUnavailable 0 with a minReadySeconds of 5 or more", name)
	}
	return &Rollout{Kubectl: kubectl, Name: name, Before: s.Image(), After: image, Old: current.Labels[hashLabel]}, nil
}

// complete reports whether all pods of a Deployment are of its last version.
func complete(d appsv1.Deployment) bool {
	st := d.Status
	return st.Replicas > 0 && st.Replicas == *d.Spec.Replicas && st.UpdatedReplicas == st.Replicas && st.AvailableReplicas == st.Replicas
}

// keepsOldPods reports whether old pods stay until a new one has been ready for some time. In this time the rollout is paused.
func keepsOldPods(d appsv1.Deployment) bool {
	update := d.Spec.Strategy.RollingUpdate
	return update != nil && update.MaxUnavailable.IntValue() == 0 && d.Spec.MinReadySeconds >= 5
}

// Start starts one new pod, and pauses the rollout. A paused rollout starts no pod at all, so it is paused after the pod is there.
func (r *Rollout) Start(ctx context.Context) error {
	if err := r.setImage(ctx, r.After); err != nil {
		return err
	}
	if err := r.await(ctx, controllerTime, "started", func(s State) (bool, error) {
		set := s.Current()
		if s.Image() != r.After || set == nil || wanted(*set) == 0 {
			return false, nil
		}
		r.New = set.Labels[hashLabel]
		return true, nil
	}); err != nil {
		return err
	}
	if err := r.do(ctx, "rollout", "pause", "deployment/"+r.Name); err != nil {
		return err
	}
	return r.await(ctx, controllerTime, "paused", func(s State) (bool, error) {
		if s.Deployment.Status.ObservedGeneration < s.Deployment.Generation {
			return false, nil
		}
		return true, r.alone(s)
	})
}

// wanted is the number of pods that a ReplicaSet should have.
func wanted(set appsv1.ReplicaSet) int32 {
	if set.Spec.Replicas == nil {
		return 0
	}
	return *set.Spec.Replicas
}

// alone returns an error unless one new pod was started and all old ones are there.
func (r *Rollout) alone(s State) error {
	if err := r.Own(s); err != nil {
		return err
	}
	fresh, left, want := wanted(s.set(r.New)), s.set(r.Old).Status.AvailableReplicas, *s.Deployment.Spec.Replicas
	if fresh != 1 || left < want {
		return fmt.Errorf("%d new pods were started, and %d of %d old ones are left", fresh, left, want)
	}
	return nil
}

// Own returns an error if the Deployment is not as this rollout has left it.
func (r *Rollout) Own(s State) error {
	if s.Image() != r.After || !s.Deployment.Spec.Paused {
		return fmt.Errorf("%w: its image is %s, and paused is %t", ErrTakenOver, s.Image(), s.Deployment.Spec.Paused)
	}
	return nil
}

// AwaitReady waits until the new pod is ready.
func (r *Rollout) AwaitReady(ctx context.Context, within time.Duration) error {
	return r.await(ctx, within, "ready", func(s State) (bool, error) {
		return s.Ready(r.New), errors.Join(r.Own(s), s.Trouble(r.New))
	})
}

// Check returns an error if the new pod is not as it was when it became ready, or if somebody else has changed the Deployment.
func (r *Rollout) Check(ctx context.Context) error {
	s, err := r.Kubectl.Read(ctx, r.Name)
	if err != nil {
		return err
	}
	if err := errors.Join(r.Own(s), s.Trouble(r.New)); err != nil {
		return err
	}
	if !s.Ready(r.New) {
		return errors.New("the new pod is no longer ready")
	}
	return nil
}

// Finish replaces all old pods.
func (r *Rollout) Finish(ctx context.Context) error {
	if err := r.do(ctx, "rollout", "resume", "deployment/"+r.Name); err != nil {
		return err
	}
	return r.do(ctx, "rollout", "status", "deployment/"+r.Name, "--timeout", lastWait)
}

// Back brings the old version back, however far the rollout has come. A paused rollout starts no pod, so the old image is set before it
// is resumed: then no other new pod starts.
func (r *Rollout) Back(ctx context.Context) error {
	s, err := r.Kubectl.Read(ctx, r.Name)
	if err != nil {
		return err
	}
	switch s.Image() {
	case r.Before:
	case r.After:
		if err := r.setImage(ctx, r.Before); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: its image is %s", ErrTakenOver, s.Image())
	}
	if s.Deployment.Spec.Paused {
		if err := r.do(ctx, "rollout", "resume", "deployment/"+r.Name); err != nil {
			return err
		}
	}
	return r.do(ctx, "rollout", "status", "deployment/"+r.Name, "--timeout", lastWait)
}

// ByHand returns the commands that bring the old version back, for a person.
func (r *Rollout) ByHand(global []string) string {
	kubectl := "  kubectl " + strings.Join(global, " ")
	return fmt.Sprintf("%[1]s set image deployment/%[2]s %[3]s=%[4]s\n%[1]s rollout resume deployment/%[2]s\n%[1]s rollout status deployment/%[2]s",
		kubectl, r.Name, container, r.Before)
}

func (r *Rollout) setImage(ctx context.Context, image string) error {
	return r.do(ctx, "set", "image", "deployment/"+r.Name, container+"="+image)
}

func (r *Rollout) do(ctx context.Context, args ...string) error {
	_, err := r.Kubectl(ctx, args...)
	return err
}

// await waits until the state of the Deployment is as it should be.
func (r *Rollout) await(ctx context.Context, within time.Duration, what string, reached func(State) (bool, error)) error {
	late := time.After(within)
	for {
		s, err := r.Kubectl.Read(ctx, r.Name)
		if err != nil {
			return err
		}
		if ok, err := reached(s); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return fmt.Errorf("the new pod is not %s after %v", what, within)
		case <-time.After(poll):
		}
	}
}
