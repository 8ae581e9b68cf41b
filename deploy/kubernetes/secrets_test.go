package kubernetes_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"souk/deploy/setup/roster"
)

const secretsFolder = "/run/secrets/"

// foreign are the keys of the Secrets that others than setup write: database-setup, and the operators of databases.
func foreign(secret string) []string {
	switch {
	case secret == "customers-secrets":
		return []string{"mongo-uri"}
	case secret == "customers-mongo":
		return []string{"connectionString.standard"}
	case slices.Contains(roster.On(roster.PostgreSQL), strings.TrimSuffix(secret, "-db-app")):
		return []string{"uri"}
	}
	return nil
}

// source is a Secret that is mounted, and the files that it becomes.
type source struct {
	secret string
	items  []corev1.KeyToPath
}

// mounted returns the Secrets in the folder for secrets of a container.
func mounted(t *testing.T, w workload) (sources []source) {
	t.Helper()
	volume := ""
	for _, mount := range w.container(t).VolumeMounts {
		if mount.MountPath == strings.TrimSuffix(secretsFolder, "/") {
			volume = mount.Name
		}
	}
	for _, v := range w.pod.Spec.Volumes {
		if v.Name != volume {
			continue
		}
		if v.Secret != nil {
			sources = append(sources, source{v.Secret.SecretName, v.Secret.Items})
		}
		if v.Projected != nil {
			for _, s := range v.Projected.Sources {
				sources = append(sources, source{s.Secret.Name, s.Secret.Items})
			}
		}
	}
	return sources
}

// files returns the files that the sources become. Files of keys that nobody writes are left out.
func files(t *testing.T, sources []source) (names []string) {
	t.Helper()
	for _, s := range sources {
		keys := append(slices.Clone(contents(t)[s.secret]), foreign(s.secret)...)
		if len(s.items) == 0 {
			names = append(names, keys...)
		}
		for _, item := range s.items {
			if slices.Contains(keys, item.Key) {
				names = append(names, item.Path)
			}
		}
	}
	return names
}

func TestEverySecretFileIsOneThatSomebodyWrites(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		found := 0
		for _, w := range workloads(t, overlay) {
			written := files(t, mounted(t, w))
			for _, variable := range w.container(t).Env {
				file, ok := strings.CutPrefix(variable.Value, secretsFolder)
				if ok && !slices.Contains(written, file) {
					t.Errorf("%s: %s: %s is %s, which is not among %v", overlay, w.name, variable.Name, variable.Value, written)
				}
				if ok {
					found++
				}
			}
			for _, argument := range w.container(t).Command {
				if _, file, ok := strings.Cut(argument, secretsFolder); ok && !slices.Contains(written, file) {
					t.Errorf("%s: %s has %s, which is not among %v", overlay, w.name, argument, written)
				}
			}
		}
		if found < 2*len(processes())-1 {
			t.Errorf("%s: only %d secrets are read from files", overlay, found)
		}
	}
}

// all are the Jobs that get setup's own Secret, to prepare others.
var all = []string{"consul-setup", "database-setup"}

func TestAContainerMountsOnlySecretsOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			service, dumps := backedUp(w.name)
			own := []string{service + "-secrets", service + "-db-app", service + "-mongo"}
			for _, s := range mounted(t, w) {
				if !slices.Contains(own, s.secret) {
					t.Errorf("%s: %s mounts %s", overlay, w.name, s.secret)
				}
				if address := files(t, []source{s}); dumps && (len(address) != 1 || address[0] != "database-url" && address[0] != "mongo-uri") {
					t.Errorf("%s: %s mounts %v, and needs the address of its database only", overlay, w.name, address)
				}
			}
			for _, v := range w.pod.Spec.Volumes {
				if v.Secret != nil && v.Secret.SecretName == "setup-secrets" != slices.Contains(all, w.name) {
					t.Errorf("%s: %s mounts %s", overlay, w.name, v.Secret.SecretName)
				}
			}
		}
	}
}

// backedUp returns the service whose database a workload dumps or restores, and the name itself of any other workload.
func backedUp(name string) (service string, dumps bool) {
	for _, suffix := range []string{"-backup", "-restore"} {
		if service, dumps = strings.CutSuffix(name, suffix); dumps {
			return service, true
		}
	}
	return name, false
}

var secretName = regexp.MustCompile(`SECRET|PASSWORD|TOKEN|KEY|URI|DATABASE_URL`)

// settings are the ConfigMaps, whose names end in a hash of their contents.
var settings = regexp.MustCompile(`^(settings|prometheus|prometheus-rules)-[a-z0-9]{10}$`)

func TestNoEnvironmentHoldsASecret(t *testing.T) {
	t.Parallel()
	for _, overlay := range overlays {
		for _, w := range workloads(t, overlay) {
			for _, variable := range w.container(t).Env {
				secret := variable.ValueFrom != nil && variable.ValueFrom.SecretKeyRef != nil
				if secret || secretName.MatchString(variable.Name) && !strings.HasSuffix(variable.Name, "_FILE") {
					t.Errorf("%s: %s: %s", overlay, w.name, variable.Name)
				}
			}
		}
		for name := range of[*corev1.ConfigMap](t, overlay) {
			if !settings.MatchString(name) {
				t.Errorf("%s has the ConfigMap %s", overlay, name)
			}
		}
		objects, _ := build(t, overlay)
		for _, object := range objects {
			if secret, ok := object.(*corev1.Secret); ok {
				t.Errorf("%s contains the Secret %s: setup makes them up inside the cluster", overlay, secret.Name)
			}
		}
	}
}

// Secrets can be created under any name, because Kubernetes cannot restrict that.
func TestTheRolesAreForTheSecretsOfTheContainersAndNoOthers(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"setup":          append(slices.Collect(maps.Keys(contents(t))), "setup-secrets"),
		"database-setup": {"customers-secrets"},
	}
	for _, overlay := range overlays {
		for name, role := range of[*rbacv1.Role](t, overlay) {
			if name == "prometheus" {
				continue // TestPrometheusMaySeePodsAndNothingElse
			}
			for _, rule := range role.Rules {
				if !slices.Equal(rule.Resources, []string{"secrets"}) || !slices.Equal(rule.APIGroups, []string{""}) {
					t.Errorf("%s: the role %s is about %v", overlay, name, rule.Resources)
				}
				if slices.Equal(rule.Verbs, []string{"create"}) && name == "setup" {
					continue
				}
				equal(t, overlay+": the role "+name+" is for", rule.ResourceNames, want[name])
				equal(t, overlay+": the role "+name+" may", rule.Verbs, []string{"get", "patch"})
			}
		}
	}
}
