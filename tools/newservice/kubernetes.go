package main

// inKubernetes are the lists of services in Kustomize's files. Their policies are generated.
var inKubernetes = []change{
	{file: "deploy/kubernetes/base/kustomization.yaml", after: "  - shipping\n", text: "  - gadgets\n"},
	{file: "deploy/kubernetes/setup/account.yaml", after: "      - shipping-secrets\n", text: "      - gadgets-secrets\n"},
	{file: "deploy/kubernetes/setup/account.yaml", after: "      - shipping-db-secrets\n", text: "      - gadgets-db-secrets\n"},
	{file: small, after: "  - shipping-db\n", text: "  - gadgets-db\n"},
	{file: "deploy/kubernetes/overlays/small/backup/kustomization.yaml", after: "  - shipping\n", text: "  - gadgets\n"},
	{file: small, after: imageAfter, text: imageLine},
	{file: operators, after: "  - shipping-db\n", text: "  - gadgets-db\n"},
	{file: operators, after: imageAfter, text: imageLine},
	{
		file:  "deploy/kubernetes/overlays/operators/secrets.yaml",
		after: "                  name: shipping-db-app\n                  items:\n                    - {key: uri, path: database-url}\n",
		text: `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: gadgets
spec:
  template:
    spec:
      volumes:
        - name: secrets
          projected:
            sources:
              - secret:
                  name: gadgets-secrets
                  items:
                    - {key: consul-token, path: consul-token}
              - secret:
                  name: gadgets-db-app
                  items:
                    - {key: uri, path: database-url}
`,
	},
}

const (
	small      = "deploy/kubernetes/overlays/small/kustomization.yaml"
	operators  = "deploy/kubernetes/overlays/operators/kustomization.yaml"
	imageAfter = "  - {name: souk-shipping, newTag: latest}\n"
	imageLine  = "  - {name: souk-gadgets, newTag: latest}\n"
)
