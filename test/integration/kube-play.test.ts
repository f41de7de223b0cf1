import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// Pods from Kubernetes YAML, and YAML from containers.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run, folder } = bench

const manifest = join(folder, 'pod.yaml')
writeFileSync(
  manifest,
  `
kind: ConfigMap
metadata: {name: conf}
data: {greeting: hello, app.conf: "x=1\\n"}
---
kind: Secret
metadata: {name: sec}
stringData: {password: pw1}
---
kind: PersistentVolumeClaim
metadata: {name: claim}
---
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 0
  serviceAccountName: unknown
  initContainers:
  - {name: prep, image: host, command: [/bin/sh, -c, 'echo prepared > /data/init'], volumeMounts: [{name: data, mountPath: /data}]}
  containers:
  - name: a
    image: host
    command: [/bin/sh, -c]
    args: ['cat /data/init /conf/app.conf /sec/password; echo $(GREETING) $NAME; hostname; touch /claim/f; exec sleep 100']
    env:
    - {name: GREETING, valueFrom: {configMapKeyRef: {name: conf, key: greeting}}}
    - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    resources: {limits: {memory: 64Mi}}
    readinessProbe: {exec: {command: ['true']}}
    volumeMounts:
    - {name: data, mountPath: /data}
    - {name: conf, mountPath: /conf}
    - {name: sec, mountPath: /sec}
    - {name: claim, mountPath: /claim}
  - {name: b, image: host, command: [/bin/sh, -c, 'exec sleep 100'], securityContext: {runAsUser: 5}}
  volumes:
  - {name: data, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: conf, configMap: {name: conf}}
  - {name: sec, secret: {secretName: sec, defaultMode: 0400}}
  - {name: claim, persistentVolumeClaim: {claimName: claim}}
`,
)

t.test('a pod: namespaces shared, volumes filled, what is ignored told', async (t) => {
  const { exitCode, stdout, stderr } = await run('kube', 'play', '--network', 'none', manifest)
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /^Volumes:\nclaim\nPod:\n[0-9a-f]{64}\nContainers:\n(?:[0-9a-f]{64}\n){3}/)
  t.match(stderr, /serviceAccountName is not acted on\n/)
  t.match(await bench.inspect('web-a', '.Config.Healthcheck'), { Test: ['CMD', 'true'] })
  await bench.waitFor('web-prep', '.State.Status', 'exited')
  const said = async (): Promise<string> => (await run('logs', 'web-a')).stdout
  while (!(await said()).endsWith('web\n')) await ok('ps')
  t.equal(await said(), 'prepared\nx=1\npw1hello web\nweb\n')
  const spaces = 'for kind in net ipc uts; do readlink /proc/self/ns/$kind; done'
  const [one, other] = await Promise.all(
    ['web-a', 'web-b'].map((name) => ok('exec', name, '/bin/sh', '-c', spaces)),
  )
  t.equal(one, other)
  t.equal(await ok('exec', 'web-b', 'id', '-u'), '5')
  t.equal(await bench.inspect('web-a', '.HostConfig.Memory'), 64 * 1024 * 1024)
})

t.test('one of a pod starts the rest of it that it needs', async (t) => {
  await ok('pod', 'stop', '-t', '0', 'web')
  await ok('start', 'web-b')
  t.equal(await bench.inspect('web-infra', '.State.Running'), true)
  t.match(await run('rm', '-f', 'web-infra'), { exitCode: 125, stderr: /pod rm web/ })
})

t.test('YAML of it and of others makes the same again', async (t) => {
  const text = await ok('kube', 'generate', 'web')
  t.match(text, /initContainers:\n +- command:[^]*name: prep/)
  await ok(
    'create',
    '--name',
    'One',
    '-e',
    'A=yes',
    '-m',
    '64m',
    '-u',
    '5:6',
    '--cpus',
    '0.5',
    '-v',
    'vol:/v',
    '-p',
    '8080:80',
    '--restart',
    'always',
    'host',
    'sleep',
    '9',
  )
  const one = join(folder, 'one.yaml')
  await ok('generate', 'kube', '-f', one, '-s', '--type', 'deployment', '-r', '2', 'One')
  const written = readFileSync(one, 'utf8')
  for (const wanted of [
    'kind: Service',
    'kind: Deployment',
    'replicas: 2',
    'name: one\n',
    'value: "yes"',
    'cpu: 500m',
    'memory: 64Mi',
    'runAsGroup: 6',
    'claimName: vol',
    'hostPort: 8080',
  ])
    t.ok(written.includes(wanted), wanted)
  t.match(
    await run('generate', 'kube', '-f', one, 'One'),
    { exitCode: 125 },
    'a file that is there stays',
  )
  const again = await run('kube', 'play', '--start=false', '-q', one)
  t.equal(again.exitCode, 0, again.stderr)
  t.strictSame(await bench.inspect('one-pod-deployment-pod-one', '.Config.Cmd'), ['sleep', '9'])
  await ok('kube', 'down', one)
})

t.test('a pod that is there is not made twice; down takes all of it', async (t) => {
  t.match(await run('play', 'kube', '-q', manifest), { exitCode: 125, stderr: /--replace/ })
  await ok('kube', 'play', '-q', '--replace', '--network', 'none', manifest)
  t.match(
    await ok('play', 'kube', '--down', manifest),
    /^Pods stopped:\n[0-9a-f]{64}\nPods removed:\n/,
  )
  t.equal(await ok('ps', '-aq', '--filter', 'label=io.mycontainer.kube.pod=web'), '')
  t.equal(await ok('volume', 'ls', '-q', '-f', 'name=web'), '')
  t.equal(await ok('volume', 'ls', '-q', '-f', 'name=claim'), 'claim', 'claims stay')
  t.notOk(existsSync(join(bench.root, 'data/kube/web')))
  await ok('kube', 'down', '--force', manifest)
  t.equal(await ok('volume', 'ls', '-q', '-f', 'name=claim'), '')
})

t.test('a pod that does not come about leaves nothing', async (t) => {
  const text =
    'kind: Pod\nmetadata: {name: bad}\nspec: {initContainers: [{name: i, image: host, command: [/bin/sh, -c, "echo no; exit 3"]}], containers: [{name: c, image: host, args: [sleep, "9"]}], volumes: [{name: e, emptyDir: {}}]}'
  writeFileSync(join(folder, 'bad.yaml'), text)
  const said = await run('kube', 'play', '--network', 'none', join(folder, 'bad.yaml'))
  t.match(said, { exitCode: 125, stderr: /init container i of pod bad.*exitCode=3.*said=no/ })
  t.equal(await ok('ps', '-aq', '--filter', 'label=io.mycontainer.kube.pod=bad'), '')
  t.equal(await ok('volume', 'ls', '-q', '-f', 'name=bad'), '')
})

t.test('replicas of a deployment; probes of each kind', async (t) => {
  const spec = `containers:
      - name: c
        image: host
        command: [sleep, '1000']
        livenessProbe: {exec: {command: ['true']}, periodSeconds: 7}
        startupProbe: {exec: {command: ['true']}, periodSeconds: 2, failureThreshold: 5}`
  const file = join(folder, 'replicas.yaml')
  const write = (more: string): void =>
    writeFileSync(
      file,
      `kind: Deployment\nmetadata: {name: many}\nspec:\n  replicas: 3\n  template:\n    spec:\n      ${spec}\n${more}`,
    )
  write('')
  await ok('kube', 'play', '--network', 'none', '--start=false', file)
  const names = (await ok('pod', 'ps', '--format', '{{.Name}}')).split('\n').toSorted()
  t.strictSame(names, ['many-pod', 'many-pod-2', 'many-pod-3'])
  t.match(await bench.inspect('many-pod-2-c', '.Config.Healthcheck'), {
    Interval: 7e9,
    StartPeriod: 10e9,
    StartInterval: 2e9,
  })
  await ok('kube', 'down', file)
  t.equal(await ok('pod', 'ps', '-q'), '')
  write('        ports: [{containerPort: 80, hostPort: 8080}]\n')
  const one = await run('kube', 'play', '--network', 'none', '--start=false', file)
  t.match(one, { exitCode: 0, stderr: /of 3 replicas 1 can be made/ })
  await ok('kube', 'down', file)
})

t.test('standard input, and what cannot be played', async (t) => {
  const command = join(import.meta.dirname, '../../bin/mycontainer')
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  const play = (input: string) =>
    spawnSync(command, ['kube', 'play', '-'], { input, env, encoding: 'utf8' })
  t.match(play('kind: Service\nmetadata: {name: s}'), { status: 125, stderr: /no pod in it/ })
  t.match(play('kind: Pod\nmetadata: {name: p}\nspec: {}'), {
    status: 125,
    stderr: /spec.containers: must be a list/,
  })
  t.match(await run('generate', 'kube', 'nobody'), {
    exitCode: 125,
    stderr: /no such container or pod/,
  })
})
