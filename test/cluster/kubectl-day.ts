// What people type at a cluster on a working day, in its order, and what they see. `NAME-1` is a node of the cluster.

/** All of what a command prints, or a pattern in it; how it ends; and from or up to which kubectl 1.x it is to be had. */
export interface Row {
  readonly line: string
  readonly out: RegExp
  readonly code: number
  readonly since: number
  readonly until: number
}

interface Limits {
  /** Absent: 0. */
  readonly code?: number
  readonly since?: number
  readonly until?: number
}

function row(line: string, out: RegExp, { code = 0, since = 0, until = 999 }: Limits = {}): Row {
  return { line, out, code, since, until }
}

const met = (what: string, limits?: Limits): Row =>
  row(`wait --timeout=20s ${what}`, /condition met/, limits)
const rolledOut = row(
  'rollout status deploy/d1 --timeout=20s',
  /deployment "d1" successfully rolled out\n$/,
)

const container = (name: string, script: string, image = 'host') => ({
  name,
  image,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
})
const pod = (name: string, more: object, meta: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...meta },
  spec: { terminationGracePeriodSeconds: 0, ...more },
})

/** The files that the lines name, without `.json`. @param request PEM of a certificate request */
export function dayFiles(request: string): Readonly<Record<string, object>> {
  return {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd1' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'x' } },
        template: {
          metadata: { labels: { app: 'x' } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [container('c', 'echo hi; exec sleep 1000')],
          },
        },
      },
    },
    pod: pod(
      'p1',
      {
        nodeSelector: { role: 'web' },
        containers: [{ name: 'c', image: 'nginx:host', ports: [{ containerPort: 80 }] }],
      },
      { labels: { app: 'p' } },
    ),
    sleeper: pod('r1', { containers: [container('c', 'echo r1; exec sleep 1000')] }),
    ticker: pod('t1', {
      containers: [container('c', 'while echo tick; do sleep 0.1; done')],
    }),
    cron: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'cj1' },
      spec: {
        schedule: '0 0 1 1 *',
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: 'Never', containers: [container('c', 'true')] } },
          },
        },
      },
    },
    node: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } },
    csr: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'c1' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    },
  }
}

export const writing: readonly Row[] = [
  row('version', /Server Version: (v1\.\d+|version\.Info\{Major:"1")/),
  row('api-resources -o name', /^pods\n[^]*\ndeployments\.apps\n/m),
  row('label nodes NAME-3 role=web', /^node\/NAME-3 labeled\n$/),
  row(
    'create -f node.json -f csr.json -f cron.json -f pod.json -f sleeper.json -f ticker.json',
    /^node\/n1 created\ncertificatesigningrequest\S+\/c1 created\ncronjob.batch\/cj1 created\n(pod\/\w\d created\n){3}$/,
  ),
  row('certificate approve c1', /^certificatesigningrequest\S+\/c1 approved\n$/),
  row('get csr c1', /c1 .* kubernetes.io\/kube-apiserver-client .*Approved/),
  row('delete node n1', /^node "n1" deleted/),
  row('apply -f deployment.json', /^deployment.apps\/d1 created\n$/),
  row('apply -f deployment.json', /^deployment.apps\/d1 unchanged\n$/),
  row('apply --server-side -f deployment.json', /d1 serverside-applied\n$/),
  row('apply --server-side --force-conflicts -f deployment.json', /d1 serverside-applied\n$/),
  rolledOut,
  met('--for=condition=Ready pod/p1 pod/r1 pod/t1'),
  row('diff -f deployment.json', /^$/),
  row('apply -f deployment.json --dry-run=server', /unchanged \(server dry run\)/),
  row('replace -f deployment.json', /^deployment.apps\/d1 replaced\n$/),
  row(
    'get pods',
    /^NAME +READY +STATUS +RESTARTS +AGE\n(d1-[a-z0-9]+-[a-z0-9]{5} +1\/1 +Running +0 +\d+s\n){2}p1 +1\/1/,
  ),
  row(
    'get pods p1 -o wide',
    /^NAME .* IP +NODE .*\np1 .* 10\.244\.\d+\.\d+ +NAME-3 +<none> +<none>\n$/,
  ),
  row(
    'get pods -A --sort-by=.metadata.name',
    /^NAMESPACE +NAME .*\n(default +d1-.*\n){2}default +p1 .*\ndefault +r1 .*\ndefault +t1 /,
  ),
  row('get pods -o json', /^\{\n {4}"apiVersion": "v1",\n {4}"items": \[\n[^]*"kind": "Pod",/),
  row('get pods -l app=x --field-selector=status.phase=Running -o name', /^(pod\/d1-\S+\n){2}$/),
  row('get pods -w --request-timeout=1s', /p1 +1\/1 +Running/),
  row(
    'get events --field-selector involvedObject.name=p1',
    /Scheduled .*NAME-3\n[^]*Pulled .*"nginx:host" already present on machine\n[^]*Created[^]*Started/,
  ),
  row('events --for pod/p1', /Scheduled +Pod\/p1 .*NAME-3\n[^]*Started/, { since: 26 }),
  row('explain deployment.spec', /FIELD: spec <DeploymentSpec>|RESOURCE: spec <Object>/),
  row('patch deploy d1 -p {"spec":{"replicas":2}}', /patched \(no change\)/),
  row('patch deploy d1 --type=merge -p {"spec":{"replicas":5}}', /^deployment.apps\/d1 patched\n$/),
  row(
    'patch deploy d1 --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
    / patched\n$/,
  ),
  row('scale deploy d1 --replicas=3', /^deployment.apps\/d1 scaled\n$/),
  row('autoscale deploy d1 --max=5 --cpu-percent=50', /d1 autoscaled\n/),
  row('expose deploy d1 --port=80', /^service\/d1 exposed\n$/),
  row('run r2 --image=host -- sleep 1000', /^pod\/r2 created\n$/),
  row('set image deploy/d1 c=127.0.0.1:9/nginx:2', /^deployment.apps\/d1 image updated\n$/),
  row('rollout status deploy/d1 --timeout=2s', /Waiting for deployment "d1"[^]*timed out/, {
    code: 1,
  }),
  row('rollout undo deploy/d1', /rolled back\n$/),
  row('set env deploy/d1 A=B', /^deployment.apps\/d1 env updated\n$/),
  row('label pod p1 a=b', /^pod\/p1 labeled\n$/),
  row('annotate pod p1 a=b', /^pod\/p1 annotated?\n$/),
  rolledOut,
  row(
    'rollout history deploy/d1',
    /^deployment.apps\/d1 \nREVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>\n/,
  ),
  row('rollout undo deploy/d1 --to-revision=3', /rolled back\n$/),
  row('rollout restart deploy/d1', / restarted\n$/),
  row('rollout pause deploy/d1', / paused\n$/),
  row('rollout resume deploy/d1', / resumed\n$/),
  rolledOut,
]

export const looking: readonly Row[] = [
  row('logs r1', /^r1\n$/),
  row('logs r1 --tail=5 --since=60s --timestamps', /^\d{4}-\S+T\S+Z r1\n$/),
  row('logs r1 --previous', /previous terminated container "c" in pod "r1" not found/, { code: 1 }),
  row('logs -l app=x', /^(hi\n){3}$/),
  row('exec r1 -- cat /etc/hosts', /Kubernetes-managed[^]*10\.244\.\d+\.\d+\tr1\n/),
  row('exec r1 -- false', /command terminated with exit code 1/, { code: 1 }),
  row('cp r1:/etc/hosts copied', /^(tar: .*\n?)?$/),
  row('cp copied r1:/tmp/back', /^$/),
  row('exec r1 -- cat /tmp/back', /Kubernetes-managed/),
  row(
    'describe pod p1',
    /Node: +NAME-3\/10\.\d[^]*Ready: +True\n[^]*Normal +Started .* Started container c\n$/,
  ),
  row(
    'describe deploy d1',
    /Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable/,
  ),
  row('describe node NAME-1', /Ready +True .* KubeletReady[^]*PodCIDR: +10\.244\.\d+\.0\/24/),
  row('describe svc d1', /Endpoints: +(10\.244\.\d+\.\d+:80,?){3}\n/),
  row('create deployment dd --image=nginx:host', /^deployment.apps\/dd created\n$/),
  row('create namespace n2', /^namespace\/n2 created\n$/),
  row('create configmap cm1 --from-literal=a=b', /^configmap\/cm1 created\n$/),
  row('create secret generic s1 --from-literal=a=b', /^secret\/s1 created\n$/),
  row('create service clusterip svc1 --tcp=80:80', /^service\/svc1 created\n$/),
  row('create job j1 --image=host -- true', /^job.batch\/j1 created\n$/),
  // Older ones ask for versions of cron jobs and budgets that Kubernetes has not served since 1.25.
  row('create job j2 --from=cronjob/cj1', /^job.batch\/j2 created\n$/, { since: 21 }),
  row('create role role1 --verb=get --resource=pods', /role1 created\n$/),
  row('create quota q1 --hard=pods=50', /^resourcequota\/q1 created\n$/),
  row('create pdb pdb1 --selector=app=x --min-available=1', /pdb1 created\n$/, { since: 21 }),
  row('create serviceaccount sa1', /^serviceaccount\/sa1 created\n$/),
  row('create token sa1', /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/, { since: 24 }),
  row('auth can-i get pods', /^yes\n$/),
  row('auth can-i get pods --as=nobody', /^no\b/, { code: 1 }),
  row(
    'auth can-i --list',
    /^Resources +Non-Resource URLs +Resource Names +Verbs *\n\*\.\* +\[\] +\[\] +\[\*\]\n/,
  ),
  row('auth whoami', /Groups +\[system:masters system:authenticated\]/, { since: 28 }),
  met('--for=condition=complete job/j1'),
  met('--for=condition=complete job/j2', { since: 21 }),
  row('get jobs j1', /^NAME +STATUS +COMPLETIONS +DURATION +AGE\nj1 +Complete +1\/1 /),
  row('top nodes', /^NAME +CPU\(cores\) .*\n(NAME-\d +\d+m +\d+% +\d+Mi +\d+% *\n){3}$/),
  row('top pods r1', /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nr1 +\d+m +\d+Mi *\n$/),
  row('wait --for=delete pod/nope --timeout=2s', /^(Error.*not found\n)?$/, { since: 21 }),
  row('debug r1 --image=host --profile=general -c dbg -- echo from-debug', /^$/, { since: 27 }),
  met('--for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0 pod/r1', {
    since: 27,
  }),
  row('logs r1 -c dbg', /^from-debug\n$/, { since: 27 }),
  row(
    'debug node/NAME-2 --image=host --profile=general -- true',
    /^Creating debugging pod node-debugger-NAME-2-\w+ with container debugger on node NAME-2\.\n$/,
    { since: 27 },
  ),
  row('cluster-info', /control plane.* is running at .*https:\/\/10\.213\./),
  row('edit pod p1', /^pod\/p1 edited\n$/),
  row('get pod p1 --show-labels', /a=b,app=z\n/),
]

export const going: readonly Row[] = [
  row('taint nodes NAME-1 a=b:NoSchedule', /tainted\n$/),
  row('taint nodes NAME-1 a-', /untainted\n$/),
  row('cordon NAME-3', /^node\/NAME-3 cordoned\n$/),
  row('get nodes NAME-3', /NAME-3 +Ready,SchedulingDisabled +/),
  row('uncordon NAME-3', /^node\/NAME-3 uncordoned\n$/),
  row(
    'drain NAME-3 --force --ignore-daemonsets --grace-period=1 --timeout=20s',
    /evicting|evicted[^]*node\/NAME-3 (drained|evicted)\n$/,
  ),
  row('get pod p1', /pods "p1" not found/, { code: 1 }),
  row('uncordon NAME-3', /uncordoned/),
  row('delete deploy dd --cascade=orphan --timeout=10s', /^deployment.apps "dd" deleted/),
  row('get rs -l app=dd -o name', /^replicaset.apps\/dd-/),
  row('delete rs -l app=dd --timeout=10s', /^replicaset.apps "dd-\S+" deleted/),
  row('delete deploy d1 --cascade=foreground --timeout=20s', /^deployment.apps "d1" deleted/),
  row('get pods -l app=x -o name', /^$/),
  row('delete pods --all --grace-period=1 --timeout=20s', /pod "t1" deleted/),
  row('delete ns n2 --wait=false', /^namespace "n2" deleted/),
  row('wait --for=delete ns/n2 --timeout=10s', /^(namespace\/n2 condition met\n|Error.*)?$/, {
    since: 21,
  }),
]
