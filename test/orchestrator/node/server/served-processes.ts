import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { KubeObject } from '../../../../orchestrator/api/object.ts'
import type {
  NodeUsage,
  ServedPods,
  ServedProcess,
} from '../../../../orchestrator/node/server/served-pods.ts'

/** A program of this machine as a process of a container. */
export function serveProcess(command: readonly string[]): ServedProcess {
  const [program = '', ...rest] = command
  const child = spawn(program, rest, { stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal === null ? (code ?? 0) : 137))
  })
  ended.catch(() => undefined)
  return {
    async *output() {
      // Both at once, as they come.
      const queue: { stream: 'stdout' | 'stderr'; data: Uint8Array }[] = []
      let wake = (): void => undefined
      let open = 2
      for (const stream of ['stdout', 'stderr'] as const) {
        child[stream].on('data', (data: Buffer) => {
          queue.push({ stream, data })
          wake()
        })
        child[stream].once('close', () => {
          open--
          wake()
        })
      }
      for (;;) {
        const next = queue.shift()
        if (next) yield next
        else if (open === 0) return
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    write: (data) => new Promise((resolve) => child.stdin.write(data, () => resolve())),
    endInput: () => child.stdin.end(),
    resize: () => undefined,
    wait: async () => ({ exitCode: await ended }),
  }
}

export const usage: NodeUsage = {
  nodeName: 'dev-1',
  startedAt: Date.UTC(2026, 0, 1),
  node: {
    time: Date.UTC(2026, 0, 2),
    cpuNanoseconds: 5e9,
    cpuNanoCores: 250_000_000.4,
    workingSetBytes: 1000,
    memoryBytes: 2000,
    availableBytes: 3000,
  },
  interfaces: [],
  fileSystem: { availableBytes: 1, capacityBytes: 3, usedBytes: 2, inodesFree: 4, inodes: 5 },
  pods: [
    {
      name: 'web-1',
      namespace: 'shop',
      uid: 'u',
      startedAt: Date.UTC(2026, 0, 1),
      interfaces: [
        { name: 'eth0', receivedBytes: 10, receiveErrors: 0, sentBytes: 20, sendErrors: 1 },
      ],
      containers: ['a', 'b'].map((name) => ({
        name,
        startedAt: Date.UTC(2026, 0, 1, 1),
        time: Date.UTC(2026, 0, 2),
        cpuNanoseconds: 1.5e9,
        cpuNanoCores: 1e6,
        workingSetBytes: 100,
      })),
    },
  ],
}

/** Who asked for no input has none. */
function withInput(process: ServedProcess, stdin: boolean): ServedProcess {
  if (!stdin) process.endInput()
  return process
}

/** One pod whose container `web` runs whatever is asked for on this machine. */
export function serveHost(pod: KubeObject, logPath: string): ServedPods {
  const isRunning = (): boolean => true
  return {
    pods: () => [pod],
    container: (_pod, name, previous) =>
      name === 'web' && !previous
        ? { id: 'c1', logPath, isRunning, ended: () => Promise.withResolvers<void>().promise }
        : undefined,
    exec: async (_container, { command, stdin }) => withInput(serveProcess(command), stdin),
    attach: async (_container, { stdin }) => withInput(serveProcess(['cat']), stdin),
    dialPod: async (_pod, port) => {
      const socket = connect(port, '127.0.0.1')
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve)
        socket.once('error', reject)
      })
      return socket
    },
    usage: () => usage,
  }
}
