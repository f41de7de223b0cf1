import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { kubectlBinaries } from '../conformance/kubectl.ts'
import type { CommandResult } from '../conformance/kubectl.ts'

const project = join(import.meta.dirname, '../..')
const patience = 60_000

/** A cluster of this machine as its users have it: made by our command line, spoken to by the real kubectl. */
export interface LocalCluster {
  readonly name: string
  /** State of all clusters of this test, and its user's home. */
  readonly folder: string
  /** A file of the user's. @returns its path */
  readonly file: (name: string, text: string) => string
  /** Run kubectl to its end. */
  readonly kubectl: (words: readonly string[], input?: string) => Promise<CommandResult>
  /** The same, which has to go well. @returns its standard output */
  readonly ok: (...words: readonly string[]) => Promise<string>
  readonly apply: (manifest: object) => Promise<void>
  /** One of our own commands. */
  readonly own: (
    command: 'myorch' | 'myimage',
    ...words: readonly string[]
  ) => Promise<CommandResult>
  readonly env: NodeJS.ProcessEnv
  /** Take it away. @returns what is left of it: nothing, as it should be */
  readonly remove: () => Promise<string[]>
}

let count = 0

/** How a cluster is made, where that matters. */
export interface ClusterMaking {
  /** More words for `cluster create`. */
  readonly flags?: readonly string[]
  /** Of all its processes. */
  readonly env?: NodeJS.ProcessEnv
  /** Told the folder, before anything is in it. */
  readonly prepare?: (folder: string) => void
  /** Undoes that, when the cluster is gone. */
  readonly dispose?: () => void
}

export async function makeLocalCluster(
  t: Test,
  nodes: number,
  making: ClusterMaking = {},
): Promise<LocalCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'local-cluster-'))
  making.prepare?.(folder)
  const name = `t${process.pid % 100_000}-${count++}`
  const env = {
    ...process.env,
    HOME: folder,
    MYORCH_ROOT: join(folder, 'myorch'),
    KUBECONFIG: join(folder, 'kubeconfig'),
    ...making.env,
  }
  const run = (program: string, words: readonly string[], input = ''): Promise<CommandResult> =>
    new Promise((resolve) => {
      const options = { env, cwd: folder, timeout: patience }
      const child = execFile(program, [...words], options, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
        resolve({ code, stdout, stderr })
      })
      // A command may end before it has read.
      child.stdin?.on('error', () => undefined).end(input)
    })
  const own: LocalCluster['own'] = (command, ...words) => run(join(project, 'bin', command), words)
  const binary = kubectlBinaries().at(-1)!
  let bridge = ''
  const remove = async (): Promise<string[]> => {
    const { code, stderr } = await own('myorch', 'cluster', 'delete', name)
    return [...(code === 0 ? [] : [stderr]), ...leftOf(folder, name, bridge)]
  }
  t.teardown(async () => {
    await remove()
    making.dispose?.()
    rmSync(folder, { recursive: true, force: true })
  })
  const wish = ['--name', name, '--nodes', `${nodes}`, ...(making.flags ?? [])]
  const made = await own('myorch', 'cluster', 'create', ...wish)
  if (made.code !== 0) throw new Error(`cluster create: ${made.stderr}`)
  const record = readFileSync(join(env.MYORCH_ROOT, 'clusters', name, 'cluster.json'), 'utf8')
  bridge = (JSON.parse(record) as { bridge: string }).bridge
  const kubectl: LocalCluster['kubectl'] = (words, input) => run(binary, words, input)
  return {
    name,
    folder,
    env,
    own,
    kubectl,
    remove,
    file: (of, text) => {
      const path = join(folder, of)
      writeFileSync(path, text)
      return path
    },
    ok: async (...words) => {
      const { code, stdout, stderr } = await kubectl(words)
      if (code !== 0) throw new Error(`kubectl ${words.join(' ')}: exit ${code}: ${stderr}`)
      return stdout
    },
    apply: async (manifest) => {
      const { code, stderr } = await kubectl(['create', '-f', '-'], JSON.stringify(manifest))
      if (code !== 0) throw new Error(`kubectl create: ${stderr}`)
    },
  }
}

/** What a cluster that is gone has left behind on this machine. */
function leftOf(folder: string, name: string, bridge: string): string[] {
  const clusters = join(folder, 'myorch/clusters')
  return [
    ...(existsSync(clusters) ? readdirSync(clusters) : []).map((of) => `folder ${of}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`${folder}/`))
      .map((line) => `mount ${line}`),
    ...(bridge in networkInterfaces() ? [`interface ${bridge}`] : []),
    ...processesOf(folder, name).map((line) => `process ${line}`),
  ]
}

/** Of the cluster's own, and of its containers: they have its name, or its folder, in what they were started with. */
function processesOf(folder: string, name: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const group = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
        return [line, group].some(
          (text) => text.includes(`${folder}/`) || text.includes(`${name}-`),
        )
          ? [`${pid} ${line}`]
          : []
      } catch {
        // It has ended meanwhile.
        return []
      }
    })
}
