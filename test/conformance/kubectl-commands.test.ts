import { basename } from 'node:path'
import t from 'tap'
import { kubectlBinaries, startKubectl } from './kubectl.ts'

// What needs only the API, run by the real kubectl; each row goes on where the one before it ended.

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d1, namespace: default}
spec:
  replicas: 7
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
      - {name: c, image: nginx}
`
const others = `
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: c1}
spec: {request: YWJj, signerName: example.com/x, usages: [client auth]}
---
apiVersion: v1
kind: Pod
metadata: {name: p1, labels: {app: x}}
spec: {containers: [{name: c, image: nginx}]}
`
const unknownField = `
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec: {containers: [{name: c, image: nginx, imagee: x}]}
`

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, description: How large it is.}}}
`
const widget = `
apiVersion: example.com/v1
kind: Widget
metadata: {name: w1}
spec: {size: 4}
`

interface Row {
  readonly command: string
  /** The first minor version that has it. */
  readonly since?: number
  readonly code?: number
  readonly stdout?: RegExp | string
  readonly stderr?: RegExp
}

const age = String.raw`\d+s`

const rows: readonly Row[] = [
  { command: 'version', stdout: /Server Version: .*1\.?\d*/ },
  { command: 'api-resources -o name', stdout: /^deployments\.apps$/m },
  { command: 'api-versions', stdout: /^networking\.k8s\.io\/v1$/m },
  { command: 'get namespaces', stdout: new RegExp(`^NAME +STATUS +AGE\\ndefault +Active +${age}`) },
  {
    command: 'get all',
    stdout: /^service\/kubernetes +ClusterIP +10\.96\.0\.1 +<none> +443\/TCP /m,
  },
  {
    command: 'create -f others.yaml',
    stdout:
      'node/n1 created\ncertificatesigningrequest.certificates.k8s.io/c1 created\npod/p1 created\n',
  },
  {
    command: 'create -f others.yaml',
    code: 1,
    stderr: /\(AlreadyExists\).*pods "p1" already exists/,
  },
  {
    command: 'create -f bad.yaml',
    code: 1,
    stderr: /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"/,
  },
  {
    command: 'create -f bad.yaml --validate=warn',
    stdout: 'pod/bad created\n',
    stderr: /Warning: unknown field "spec\.containers\[0\]\.imagee"/,
  },
  { command: 'delete pod bad', stdout: /^pod "bad" deleted/ },
  { command: 'apply -f dep.yaml', stdout: 'deployment.apps/d1 created\n' },
  { command: 'apply -f dep.yaml', stdout: 'deployment.apps/d1 unchanged\n' },
  { command: 'diff -f dep.yaml', code: 0, stdout: '' },
  { command: 'patch deploy d1 -p {"spec":{"replicas":2}}', stdout: 'deployment.apps/d1 patched\n' },
  { command: 'diff -f dep.yaml', code: 1, stdout: /^-  replicas: 2\n\+  replicas: 7$/m },
  {
    command: 'apply -f dep.yaml --dry-run=server',
    stdout: 'deployment.apps/d1 configured (server dry run)\n',
  },
  { command: 'get deploy d1 -o jsonpath={.spec.replicas}', stdout: '2' },
  {
    command: 'patch deploy d1 --type=merge -p {"spec":{"replicas":5}}',
    stdout: 'deployment.apps/d1 patched\n',
  },
  {
    command: 'patch deploy d1 --type=merge -p {"spec":{"replicas":5}}',
    stdout: 'deployment.apps/d1 patched (no change)\n',
  },
  {
    command: 'patch deploy d1 --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
    stdout: 'deployment.apps/d1 patched\n',
  },
  {
    command: 'patch deploy d1 --type=json -p [{"op":"test","path":"/spec/replicas","value":9}]',
    code: 1,
    stderr: /testing value \/spec\/replicas failed/,
  },
  {
    command: 'patch deploy d1 -p {"spec":{"replicas":-1}}',
    code: 1,
    stderr:
      /Deployment.* "d1" is invalid: spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
  },
  {
    command: 'patch deploy d1 -p {"spec":{"replicas":"x"}}',
    code: 1,
    stderr: /cannot unmarshal string into Go struct field Deployment\.spec\.replicas of type int32/,
  },
  { command: 'scale deploy d1 --replicas=3', stdout: 'deployment.apps/d1 scaled\n' },
  {
    command: 'autoscale deploy d1 --max=5 --cpu-percent=50',
    stdout: 'horizontalpodautoscaler.autoscaling/d1 autoscaled\n',
  },
  { command: 'get hpa', stdout: /Deployment\/d1 +(cpu: )?<unknown>\/50% +1 +5 +0/ },
  { command: 'expose deploy d1 --port=80', stdout: 'service/d1 exposed\n' },
  { command: 'get svc d1 -o jsonpath={.spec.clusterIP}', stdout: /^10\.96\.\d+\.\d+$/ },
  { command: 'set image deploy/d1 c=nginx:2', stdout: 'deployment.apps/d1 image updated\n' },
  { command: 'set env deploy/d1 A=B', stdout: 'deployment.apps/d1 env updated\n' },
  {
    command: 'get deploy -o wide',
    stdout: new RegExp(`^d1 +0/3 +0 +0 +${age} +c +nginx:2 +app=x$`, 'm'),
  },
  { command: 'label pod p1 a=b', stdout: 'pod/p1 labeled\n' },
  {
    command: 'label pod p1 a=c',
    code: 1,
    stderr: /'a' already has a value \(b\), and --overwrite is false/,
  },
  { command: 'label pod p1 a=b!', code: 1, stderr: /invalid label value/ },
  { command: 'annotate pod p1 a=b', stdout: /^pod\/p1 annotated?$/m },
  {
    command: 'get pods -l app=x --field-selector=status.phase=Pending -o name',
    stdout: 'pod/p1\n',
  },
  {
    command: 'get pods -l app=x --field-selector=status.phase=Running',
    stderr: /No resources found/,
  },
  {
    command: 'get pods --field-selector=status.nope=x',
    code: 1,
    stderr: /field label not supported: status\.nope/,
  },
  {
    command: 'get pods -A --sort-by=.metadata.name',
    stdout: new RegExp(
      `^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE\\ndefault +p1 +0/1 +Pending +0 +${age}\\n$`,
    ),
  },
  {
    command: 'get pods -o wide',
    stdout: /NOMINATED NODE +READINESS GATES\np1 .*<none> +<none> +<none> +<none>\n$/,
  },
  {
    command: 'get pods nope',
    code: 1,
    stderr: /^Error from server \(NotFound\): pods "nope" not found\n$/,
  },
  { command: 'get events', stderr: /No resources found/ },
  { command: 'events', stderr: /No events found in default namespace/ },
  { command: 'explain deployment.spec', stdout: /^ +selector\s+<LabelSelector>(?: -required-)?/m },
  { command: 'taint nodes n1 a=b:NoSchedule', stdout: 'node/n1 tainted\n' },
  { command: 'cordon n1', stdout: 'node/n1 cordoned\n' },
  { command: 'get nodes', stdout: /^n1 +Unknown,SchedulingDisabled +<none> +\d+s/m },
  { command: 'uncordon n1', stdout: 'node/n1 uncordoned\n' },
  { command: 'rollout restart deploy/d1', stdout: 'deployment.apps/d1 restarted\n' },
  { command: 'rollout pause deploy/d1', stdout: 'deployment.apps/d1 paused\n' },
  { command: 'rollout resume deploy/d1', stdout: 'deployment.apps/d1 resumed\n' },
  { command: 'rollout history deploy/d1', stdout: /No rollout history found/ },
  {
    command: 'rollout status deploy/d1 --timeout=1s',
    code: 1,
    stderr: /timed out waiting for the condition/,
  },
  { command: 'describe pod p1', stdout: /^Status: +Pending$[\s\S]*QoS Class: +BestEffort/m },
  { command: 'describe deploy d1', stdout: /3 desired \| 0 updated/ },
  { command: 'describe svc d1', stdout: /^TargetPort: +80\/TCP$/m },
  { command: 'describe node n1', stdout: /^Taints: +a=b:NoSchedule$/m },
  { command: 'create deployment dd --image=nginx', stdout: 'deployment.apps/dd created\n' },
  {
    command: 'get deploy dd -o jsonpath={.spec.template.spec.containers[0].name}:{.spec.replicas}',
    stdout: 'nginx:1',
  },
  { command: 'create namespace n2', stdout: 'namespace/n2 created\n' },
  { command: 'create configmap cm1 --from-literal=a=b', stdout: 'configmap/cm1 created\n' },
  { command: 'get configmap cm1 -o jsonpath={.data.a}', stdout: 'b' },
  { command: 'create secret generic s1 --from-literal=a=b', stdout: 'secret/s1 created\n' },
  { command: 'get secret s1 -o jsonpath={.data.a}:{.type}', stdout: 'Yg==:Opaque' },
  { command: 'create service clusterip svc1 --tcp=80:80', stdout: 'service/svc1 created\n' },
  { command: 'create service nodeport svc2 --tcp=80:80', stdout: 'service/svc2 created\n' },
  { command: 'get svc svc2 -o jsonpath={.spec.ports[0].nodePort}', stdout: /^3[012]\d{3}$/ },
  { command: 'create job j1 --image=busybox', stdout: 'job.batch/j1 created\n' },
  {
    command: 'create cronjob cj1 --image=busybox --schedule=*/5_*_*_*_*',
    stdout: 'cronjob.batch/cj1 created\n',
  },
  { command: 'create job j2 --from=cronjob/cj1', stdout: 'job.batch/j2 created\n' },
  {
    command: 'create role r1 --verb=get --resource=pods',
    stdout: 'role.rbac.authorization.k8s.io/r1 created\n',
  },
  {
    command: 'create rolebinding rb1 --role=r1 --user=u',
    stdout: 'rolebinding.rbac.authorization.k8s.io/rb1 created\n',
  },
  {
    command: 'create clusterrole cr1 --verb=get --resource=pods',
    stdout: 'clusterrole.rbac.authorization.k8s.io/cr1 created\n',
  },
  {
    command: 'create clusterrolebinding crb1 --clusterrole=cr1 --user=u',
    stdout: 'clusterrolebinding.rbac.authorization.k8s.io/crb1 created\n',
  },
  { command: 'create quota q1 --hard=pods=1', stdout: 'resourcequota/q1 created\n' },
  {
    command: 'create pdb pdb1 --selector=app=x --min-available=1',
    stdout: 'poddisruptionbudget.policy/pdb1 created\n',
  },
  { command: 'create serviceaccount sa1', stdout: 'serviceaccount/sa1 created\n' },
  { command: 'create token sa1', stdout: /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/ },
  {
    command: 'auth can-i list pods --as=system:serviceaccount:default:sa1',
    code: 1,
    stdout: 'no\n',
  },
  {
    command: 'create ingress i1 --rule=a.example/*=d1:80',
    stdout: 'ingress.networking.k8s.io/i1 created\n',
  },
  {
    command: 'create priorityclass pc1 --value=10',
    stdout: 'priorityclass.scheduling.k8s.io/pc1 created\n',
  },
  { command: 'auth can-i get pods', stdout: 'yes\n' },
  { command: 'auth can-i --list', stdout: /\*\.\*/ },
  { command: 'auth whoami', since: 28, stdout: /Username +myorch-admin/ },
  {
    command: 'certificate approve c1',
    stdout: 'certificatesigningrequest.certificates.k8s.io/c1 approved\n',
  },
  { command: 'get csr c1', stdout: /example\.com\/x +.*Approved/ },
  {
    command: 'wait --for=condition=Ready pod/p1 --timeout=1s',
    code: 1,
    stderr: /timed out waiting for the condition on pods\/p1/,
  },
  {
    command: 'wait --for=jsonpath={.status.phase}=Pending pod/p1 --timeout=5s',
    stdout: 'pod/p1 condition met\n',
  },
  { command: 'debug p1 --image=busybox --profile=general', code: 0 },
  { command: 'get pod p1 -o jsonpath={.spec.ephemeralContainers[0].image}', stdout: 'busybox' },
  {
    command: 'create -f crd.yaml',
    stdout: /^customresourcedefinition\.apiextensions\.k8s\.io\/widgets\.example\.com created/,
  },
  {
    command: 'wait --for=condition=Established crd/widgets.example.com --timeout=5s',
    stdout: /condition met/,
  },
  { command: 'apply -f widget.yaml', stdout: 'widget.example.com/w1 created\n' },
  { command: 'get wd', stdout: /^NAME +SIZE\nw1 +4\n$/ },
  {
    command: 'patch widget w1 --type=merge -p {"spec":{"size":5}}',
    stdout: 'widget.example.com/w1 patched\n',
  },
  { command: 'explain widget.spec.size', stdout: /How large it is\./ },
  { command: 'delete crd widgets.example.com', stdout: /deleted/ },
  { command: 'cluster-info', stdout: /Kubernetes control plane.* is running at/ },
  { command: 'get --raw /readyz', stdout: 'ok' },
  { command: 'replace -f dep.yaml', stdout: 'deployment.apps/d1 replaced\n' },
  {
    command: 'apply --server-side --force-conflicts -f dep.yaml',
    stdout: 'deployment.apps/d1 serverside-applied\n',
  },
  { command: 'scale deploy d1 --replicas=1', stdout: 'deployment.apps/d1 scaled\n' },
  {
    command: 'apply --server-side -f dep.yaml',
    code: 1,
    stderr:
      /Apply failed with 1 conflict: conflict with "kubectl[^"]*" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  },
  { command: 'drain n1 --force --ignore-daemonsets --timeout=4s', stdout: /node\/n1 drained/ },
  {
    command: 'delete deploy dd --cascade=orphan --wait=false',
    stdout: /^deployment\.apps "dd" deleted/,
  },
  { command: 'delete deploy d1', stdout: /^deployment\.apps "d1" deleted/ },
  { command: 'delete pods --all --timeout=3s', stdout: /^pod "p1" deleted/ },
  { command: 'delete ns n2', stdout: /^namespace "n2" deleted/ },
  {
    command: 'delete ns default',
    code: 1,
    stderr: /\(Forbidden\): namespaces "default" is forbidden: this namespace may not be deleted/,
  },
  { command: 'debug node/n1 --image=busybox --profile=general', code: 0 },
  {
    command: 'delete pods --all --force --grace-period=0',
    stdout: /^pod "node-debugger-n1-\w+" force deleted/,
  },
  { command: 'wait --for=delete pod/nope --timeout=2s', code: 0 },
]

/** Words of a command; `_` stands for a space inside a word that begins with a flag for a schedule. */
function wordsOf(command: string): string[] {
  return command
    .split(' ')
    .map((word) => (word.startsWith('--schedule=') ? word.replaceAll('_', ' ') : word))
}

// A hundred commands, each a process, for each version.
t.setTimeout(600_000)
// Most of the time is theirs, to start.
t.jobs = 2

for (const binary of kubectlBinaries())
  t.test(basename(binary), { timeout: 200_000, buffered: true }, async (t) => {
    const kubectl = await startKubectl(t, binary)
    kubectl.file('dep.yaml', deployment)
    kubectl.file('others.yaml', others)
    kubectl.file('bad.yaml', unknownField)
    kubectl.file('crd.yaml', definition)
    kubectl.file('widget.yaml', widget)
    const minor = Number(/kubectl\.1\.(\d+)$/.exec(binary)?.[1] ?? Infinity)
    for (const { command, since = 0, code = 0, stdout, stderr } of rows) {
      if (minor < since) continue
      const result = await kubectl.run(wordsOf(command))
      t.equal(result.code, code, `${command}: exit code`, { result })
      if (typeof stdout === 'string') t.equal(result.stdout, stdout, command)
      else if (stdout) t.match(result.stdout, stdout, command)
      if (stderr) t.match(result.stderr, stderr, command)
    }
  })
