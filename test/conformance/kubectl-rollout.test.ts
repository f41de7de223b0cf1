import { basename } from 'node:path'
import t from 'tap'
import { makeLocalClient } from '../../orchestrator/client/local-client.ts'
import { runPods } from '../orchestrator/controllers/stand-in-agents.ts'
import { kubectlBinaries, startKubectl } from './kubectl.ts'

// Deployments as people work with them; each row goes on where the one before it ended. All pods get ready but those of an
// image `bad`.

interface Row {
  readonly command: string
  readonly code?: number
  readonly stdout?: RegExp | string
  readonly stderr?: RegExp
}

const done = /deployment "web" successfully rolled out\n$/
const reasons = 'jsonpath={.status.conditions[*].reason}'
const bySize = '--sort-by={.spec.replicas} -o jsonpath={.items[*].spec.replicas}'

const rows: readonly Row[] = [
  { command: 'create deployment web --image=v1 --replicas=3', stdout: /created/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'get deployment web --no-headers', stdout: /^web +3\/3 +3 +3 +\d+s\n$/ },
  { command: 'set image deployment/web v1=v2', stdout: /image updated/ },
  { command: 'annotate deployment/web kubernetes.io/change-cause=second', stdout: /annotate/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'rollout history deployment/web', stdout: /1 +<none>\n2 +second\n/ },
  { command: 'rollout history deployment/web --revision=1', stdout: /Image:\s+v1\n/ },
  { command: 'scale deployment/web --replicas=5', stdout: /scaled/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'rollout undo deployment/web', stdout: /rolled back/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'rollout history deployment/web', stdout: /\n2 +second\n3 +<none>\n/ },
  { command: 'rollout pause deployment/web', stdout: /paused/ },
  { command: 'set image deployment/web v1=v3', stdout: /image updated/ },
  { command: `get deployment web -o ${reasons}`, stdout: /DeploymentPaused/ },
  { command: 'rollout history deployment/web', stdout: /\n3 +<none>\n\n$/ },
  { command: 'rollout resume deployment/web', stdout: /resumed/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'rollout restart deployment/web', stdout: /restarted/ },
  { command: 'rollout status deployment/web', stdout: done },
  {
    command: 'patch deployment web -p {"spec":{"progressDeadlineSeconds":1}}',
    stdout: /patched/,
  },
  { command: 'set image deployment/web v1=bad', stdout: /image updated/ },
  { command: 'rollout status deployment/web', code: 1, stderr: /exceeded its progress deadline/ },
  { command: `get rs ${bySize}`, stdout: '0 0 0 3 4' },
  {
    command: 'describe deployment web',
    stdout: /Progressing +False +ProgressDeadlineExceeded[^]*Scaled up replica set web-\w+ from/,
  },
  {
    command: 'patch deployment web -p {"spec":{"progressDeadlineSeconds":600}}',
    stdout: /patched/,
  },
  { command: 'rollout undo deployment/web --to-revision=2', stdout: /rolled back/ },
  { command: 'wait --for=condition=Progressing deployment/web --timeout=20s', stdout: /met/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'get deployment web -o jsonpath={..image}', stdout: 'v2' },
  { command: 'delete deployment web --cascade=orphan', stdout: /deleted/ },
  { command: 'get deployment', stdout: '' },
  { command: 'get rs -l app=web -o name', stdout: /replicaset/ },
  { command: 'create deployment web --image=v2 --replicas=2', stdout: /created/ },
  { command: 'rollout status deployment/web', stdout: done },
  { command: 'delete deployment web --cascade=foreground', stdout: /deleted/ },
  { command: 'get rs,pods', stdout: '' },
  { command: 'create deployment web --image=v1', stdout: /created/ },
  { command: 'delete deployment web', stdout: /deleted/ },
  { command: 'wait --for=delete rs,pods -l app=web --timeout=10s' },
  { command: 'create namespace gone', stdout: /created/ },
  { command: 'create deployment web --image=v1 -n gone', stdout: /created/ },
  { command: 'delete namespace gone --timeout=20s', stdout: /deleted/ },
]

const binaries = kubectlBinaries()
// The oldest and the newest: what differs in between is how they speak, which the commands without controllers try.
for (const binary of new Set([binaries.at(0)!, binaries.at(-1)!]))
  t.test(`rollouts with ${basename(binary)}`, async (t) => {
    const kubectl = await startKubectl(t, binary, { controls: true })
    const client = makeLocalClient(kubectl.server.api, {
      name: 'agents',
      groups: ['system:masters'],
    })
    await runPods(t, client, (pod) => JSON.stringify(pod.spec).includes('"bad"'))
    for (const { command, code = 0, stdout, stderr } of rows) {
      const result = await kubectl.run(command.split(' '))
      t.equal(result.code, code, `${command}: ${result.stderr}`)
      if (stdout instanceof RegExp) t.match(result.stdout, stdout, command)
      else if (stdout !== undefined) t.equal(result.stdout, stdout, command)
      if (stderr) t.match(result.stderr, stderr, command)
    }
  })
