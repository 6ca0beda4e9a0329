"""What tells of changes, in the words of each sender: what to paste.

The marks («address» and its like) are explained beside the other senders.
"""

from tocsin.interfaces.arrivals import Sender, Snippet

CHANGES: tuple[Sender, ...] = (
    Sender(
        "github",
        "github",
        "GitHub",
        "What was deployed, pushed, released and run, beside the incidents it may cause.",
        ("changes, never alerts", "signed deliveries, each counted once"),
        (
            Snippet(
                "Settings, Webhooks, Add webhook",
                "Payload URL   «address»\nContent type  application/json\n"
                "Secret        «key»\n",
                "Events: deployments, deployment statuses, pushes, releases, "
                "workflow runs.",
            ),
        ),
        "github actions deployment push release workflow change deploy git",
    ),
    Sender(
        "flux",
        "kubernetes",
        "Flux",
        "What was reconciled, installed and rolled back in a cluster, and what failed.",
        ("changes, never alerts", "each revision once", "signed if you like"),
        (
            Snippet(
                "A Provider and an Alert",
                "apiVersion: notification.toolkit.fluxcd.io/v1beta3\n"
                "kind: Provider\nmetadata: {name: tocsin, namespace: flux-system}\n"
                "spec: {type: generic-hmac, address: «address», secretRef: {name: tocsin}}\n"
                "---\n"
                "apiVersion: notification.toolkit.fluxcd.io/v1beta3\n"
                "kind: Alert\nmetadata: {name: tocsin, namespace: flux-system}\n"
                "spec:\n  providerRef: {name: tocsin}\n  eventSources:\n"
                "    - {kind: Kustomization, name: '*'}\n"
                "    - {kind: HelmRelease, name: '*'}\n",
                "The secret: kubectl -n flux-system create secret generic tocsin "
                "--from-literal=token=«key»",
            ),
        ),
        "kubernetes gitops fluxcd helm kustomize rollout deploy",
    ),
    Sender(
        "kubernetes",
        "kubernetes",
        "Kubernetes",
        "Rollouts, rollbacks and rescaling, from the cluster's own events.",
        ("changes, never alerts", "a rollout is one change, with how to undo it"),
        (
            Snippet(
                "A receiver of an event exporter",
                "receivers:\n  - name: tocsin\n    webhook: {endpoint: «address»}\n"
                "route:\n  routes:\n    - match:\n"
                "        - {reason: ScalingReplicaSet, receiver: tocsin}\n"
                "        - {reason: DeploymentRollback, receiver: tocsin}\n"
                "        - {reason: SuccessfulRescale, receiver: tocsin}\n",
                "As resmoio/kubernetes-event-exporter is configured.",
            ),
        ),
        "k8s rollout deployment replicaset event exporter deploy",
    ),
    Sender(
        "argo-cd",
        "generic",
        "Argo CD",
        "What was synced, by a template of its notifications.",
        ("changes, never alerts", "each revision once"),
        (
            Snippet(
                "argocd-notifications-cm",
                "data:\n  service.webhook.tocsin: |\n    url: «address»/changes\n"
                "    headers: [{name: Content-Type, value: application/json}]\n"
                "  template.tocsin: |\n    webhook:\n      tocsin:\n"
                "        method: POST\n        body: |\n"
                '          {"summary": "Sync of {{.app.metadata.name}}: '
                '{{.app.status.operationState.phase}}",\n'
                '           "kind": "deploy", "source": "Argo CD",\n'
                '           "ref": "{{.app.status.sync.revision}}",\n'
                '           "id": "{{.app.metadata.name}} {{.app.status.sync.revision}}"}\n'
                "  trigger.tocsin: |\n"
                "    - when: app.status.operationState.phase in "
                "['Succeeded', 'Failed', 'Error']\n"
                "      oncePer: app.status.sync.revision\n      send: [tocsin]\n",
                "And the annotation notifications.argoproj.io/subscribe.tocsin.tocsin on an "
                "Application.",
            ),
        ),
        "argocd kubernetes gitops sync deploy",
    ),
    Sender(
        "changes",
        "generic",
        "A pipeline",
        "A line at the end of any deploy, switch or migration.",
        ("changes, never alerts", "with how each is undone"),
        (
            Snippet(
                "curl",
                "curl -fsS «address»/changes -H 'Content-Type: application/json' -d '{\n"
                '  "summary": "checkout 1.24 to production", "kind": "deploy",\n'
                '  "id": "build-812", "rollback": "kubectl rollout undo '
                "deploy/checkout\"}'\n",
                "kind is deploy, flag, config, infra or data.",
            ),
            Snippet(
                "tocsin",
                'tocsin change "checkout 1.24 to production" --service checkout \\\n'
                '  --rollback "kubectl rollout undo deploy/checkout"\n',
                "With TOCSIN_URL and a token with the scope send in TOCSIN_TOKEN.",
            ),
        ),
        "ci cd jenkins gitlab circleci feature flag deploy change launchdarkly",
    ),
)
