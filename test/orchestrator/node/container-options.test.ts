import t from 'tap'
import type { JsonObject } from '../../../orchestrator/api/object.ts'
import { containerOptions } from '../../../orchestrator/node/container-options.ts'
import type { RunFacts } from '../../../orchestrator/node/container-options.ts'
import { podWith } from './pod-fixture.ts'

const gibibyte = 1024 ** 3
const facts: RunFacts = {
  attempt: 2,
  variables: [{ name: 'WHO', value: 'world' }],
  mounts: [],
  namespaces: new Map([
    ['net', '/pod/net'],
    ['ipc', '/pod/ipc'],
    ['uts', '/pod/uts'],
  ]),
  nodeMemory: 10 * gibibyte,
  cgroupParent: '/kubepods/x',
}

interface Row {
  readonly title: string
  readonly container?: JsonObject
  readonly pod?: JsonObject
  readonly facts?: Partial<RunFacts>
  readonly expected: object
}

const requests = { memory: '1Gi', cpu: '250m' }
const limits = { memory: '1Gi', cpu: '250m' }

const rows: readonly Row[] = [
  {
    title: 'name, labels and namespaces of the pod',
    expected: {
      name: 'k8s_web_web-1_shop_11111111-2222-3333-4444-555555555555_2',
      cgroupParent: '/kubepods/x',
      network: { mode: { kind: 'path', path: '/pod/net' }, noHosts: true },
      namespaces: {
        ipc: { kind: 'path', path: '/pod/ipc' },
        uts: { kind: 'path', path: '/pod/uts' },
        pid: { kind: 'private' },
      },
      labels: { 'io.kubernetes.container.restartCount': '2' },
      pull: 'never',
    },
  },
  {
    title: 'the program, with variables',
    container: { command: ['echo', 'hello $(WHO)'], args: ['$$(WHO)', '$(NOBODY)'] },
    expected: {
      entrypoint: ['echo', 'hello world'],
      command: ['$(WHO)', '$(NOBODY)'],
      env: ['HOSTNAME=web-1', 'WHO=world'],
    },
  },
  {
    title: "the image's program",
    expected: { entrypoint: undefined, command: [], workdir: undefined, user: undefined },
  },
  {
    title: 'the namespaces of the node',
    pod: { hostNetwork: true, hostPID: true, hostIPC: true },
    facts: { namespaces: new Map() },
    expected: {
      network: { mode: { kind: 'host' } },
      namespaces: { ipc: { kind: 'host' }, uts: { kind: 'host' }, pid: { kind: 'host' } },
    },
  },
  {
    title: 'processes shared with the pod',
    facts: { pidNamespace: '/proc/7/ns/pid' },
    expected: { namespaces: { pid: { kind: 'path', path: '/proc/7/ns/pid' } } },
  },
  {
    title: 'users and groups, those of the container first',
    pod: { securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } },
    container: { securityContext: { runAsUser: 5 } },
    expected: { user: '5:2', groupAdd: ['4', '3'] },
  },
  {
    title: 'capabilities and profiles',
    container: {
      securityContext: {
        capabilities: { add: ['CAP_NET_ADMIN'], drop: ['ALL'] },
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        seccompProfile: { type: 'Unconfined' },
      },
    },
    expected: {
      readOnly: true,
      security: {
        capAdd: ['NET_ADMIN'],
        capDrop: ['ALL'],
        noNewPrivileges: true,
        seccomp: 'unconfined',
        privileged: false,
      },
    },
  },
  {
    title: 'a score that the kernel would refuse',
    container: { resources: { requests, limits } },
    facts: { leastOomScore: 0 },
    expected: { oomScoreAdj: 0 },
  },
  {
    title: 'an input that ends with its first client',
    container: { stdin: true, stdinOnce: true },
    expected: { interactive: true, stdinOnce: true },
  },
  {
    title: 'nothing asked for: the first that the kernel ends',
    expected: { oomScoreAdj: 1000, resources: { cpuShares: 2, memory: undefined } },
  },
  {
    title: 'a part of the memory asked for',
    container: { resources: { requests } },
    expected: { oomScoreAdj: 900, resources: { cpuShares: 256 } },
  },
  {
    title: 'limits that are requests',
    container: { resources: { requests, limits } },
    expected: {
      oomScoreAdj: -997,
      resources: { cpuShares: 256, cpus: 0.25, memory: gibibyte, memorySwap: gibibyte },
    },
  },
  {
    title: 'a terminal',
    container: { stdin: true, tty: true, workingDir: '/srv' },
    expected: { interactive: true, tty: true, workdir: '/srv' },
  },
]

for (const { title, container = {}, pod = {}, facts: more = {}, expected } of rows)
  t.test(title, async (t) => {
    const spec = { name: 'web', image: 'nginx:1', ...container }
    const wanted = podWith({ ...pod, containers: [spec] })
    const options = containerOptions(
      wanted,
      { name: 'web', role: 'main', spec },
      { ...facts, ...more },
    )
    t.match(options, expected)
  })
