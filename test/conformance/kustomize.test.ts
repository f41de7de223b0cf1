import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { buildKustomization } from '../../orchestrator/cli/kustomize/build-kustomization.ts'
import { formatYaml } from '../../orchestrator/cli/resources/print-objects.ts'
import { kubectlBinaries } from './kubectl.ts'

// What kubectl makes of the same folders is what we make of them, to the letter.

const app = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.0", envFrom: [{configMapRef: {name: conf}}], env: [{name: A, value: "1"}, {name: P, valueFrom: {secretKeyRef: {name: pw, key: p}}}], args: [a, b]}
      - {name: side, image: localhost:5000/side}
      volumes: [{name: d, persistentVolumeClaim: {claimName: data}}, {name: s, secret: {secretName: pw, defaultMode: 0400}}]
      serviceAccountName: sa
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: x, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {x: "true", y: yes}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: sa, namespace: default}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: in}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
`

const others = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "db@sha256:old"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: daily}
spec: {schedule: "0 1 * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "db:1"}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-web}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: db}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {list: [1, 2], a: {b: c}}
`

const base = {
  'base/app.yaml': app,
  'base/file.txt': 'hello\n',
  'base/vars.env': 'K=v\n# c\nL=w<>&\n',
  'base/kustomization.yaml': `
resources: [app.yaml]
commonLabels: {team: a}
configMapGenerator:
- name: conf
  literals: [a=b, "n=5"]
  files: [file.txt, other.txt=file.txt]
  envs: [vars.env]
secretGenerator:
- name: pw
  literals: [p=secret]
`,
}

const rows: { name: string; files: Record<string, string>; folder: string }[] = [
  { name: 'a base', files: base, folder: 'base' },
  {
    name: 'names, labels, images, replicas, generators and patches over a base',
    folder: 'over',
    files: {
      ...base,
      'over/ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
      'over/patch.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - {name: side, env: [{name: Z, value: z}]}
      - {name: new, image: n}
      - {name: web, args: [c], env: [{name: B, value: "2"}]}
`,
      'over/kustomization.yaml': `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../base, ns.yaml]
namePrefix: dev-
nameSuffix: -x
namespace: shop
labels:
- pairs: {env: dev}
- pairs: {sel: s}
  includeSelectors: true
commonAnnotations: {note: hi}
images:
- {name: nginx, newName: registry/nginx, newTag: "2.0"}
- {name: localhost:5000/side, digest: "sha256:abc"}
replicas: [{name: web, count: 4}]
configMapGenerator:
- name: conf
  behavior: merge
  literals: [a=c, z=1]
- name: fixed
  literals: [q=1]
  options: {disableNameSuffixHash: true, labels: {l: m}}
patches:
- path: patch.yaml
- target: {kind: Service, name: web}
  patch: |-
    - {op: add, path: /spec/type, value: NodePort}
- target: {kind: Deployment}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: any}
    spec: {template: {spec: {hostNetwork: true, volumes: [{name: e, emptyDir: {}}]}}}
generatorOptions: {annotations: {g: o}}
`,
    },
  },
  {
    name: 'other kinds, what goes, and patches of older forms',
    folder: 'more',
    files: {
      'more/all.yaml': others,
      'more/gone.yaml':
        'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: db}\n$patch: delete\n',
      'more/kustomization.yaml': `
resources: [all.yaml]
namePrefix: p-
namespace: there
labels: [{pairs: {t: "1"}, includeTemplates: true}, {pairs: {u: "2"}, includeSelectors: true}]
images: [{name: db, newTag: "9"}]
patchesStrategicMerge: [gone.yaml]
patchesJson6902:
- target: {group: apps, version: v1, kind: StatefulSet, name: db}
  patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/name", "value": "d"}]'
patches:
- target: {kind: Widget}
  patch: '{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"list": [3], "a": {"b": null}}}'
`,
    },
  },
  {
    name: 'one base twice',
    folder: 'both',
    files: {
      ...base,
      'one/kustomization.yaml': 'resources: [../base]\nnamePrefix: one-\n',
      'two/kustomization.yaml': 'resources: [../base]\nnamePrefix: two-\n',
      'both/kustomization.yaml': 'resources: [../one, ../two]\nnameSuffix: -z\n',
    },
  },
]

function foldersOf(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kustomize-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

t.test('what comes out is what kubectl makes', async (t) => {
  const kubectl = kubectlBinaries().at(-1)!
  for (const { name, files, folder } of rows) {
    const at = join(foldersOf(t, files), folder)
    const theirs = execFileSync(kubectl, ['kustomize', at], { encoding: 'utf8', stdio: 'pipe' })
    const ours = await Promise.all((await buildKustomization(at)).map(formatYaml))
    t.equal(ours.join('---\n'), theirs, name)
  }
})

t.test('what cannot be built is refused', async (t) => {
  const outside = 'resources: [../x.yaml]\n'
  const refused: [string, Record<string, string>, RegExp][] = [
    ['no kustomization', { 'a/x.yaml': '' }, /unable to find one of/],
    ['a field of no use here', { 'a/kustomization.yaml': 'helmCharts: []\n' }, /"helmCharts"/],
    [
      'a file of somebody else',
      {
        'x.yaml': 'apiVersion: v1\nkind: A\nmetadata: {name: b}\n',
        'a/kustomization.yaml': outside,
      },
      /security; file/,
    ],
    ['itself', { 'a/kustomization.yaml': 'resources: [../a]\n' }, /cycle detected/],
    ['another machine', { 'a/kustomization.yaml': 'resources: ["https://x/y"]\n' }, /fetch it/],
    [
      'a patch for nobody',
      {
        'a/o.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n',
        'a/kustomization.yaml':
          'resources: [o.yaml]\npatches: [{patch: "{kind: ConfigMap, apiVersion: v1, metadata: {name: c}}"}]\n',
      },
      /no matches for Id/,
    ],
  ]
  for (const [name, files, message] of refused)
    await t.rejects(buildKustomization(join(foldersOf(t, files), 'a')), { message }, name)
})
