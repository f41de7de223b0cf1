import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { ComposeCase, ConfigCase, LoadCase, RunCase, Words } from './failure-case.ts'
import {
  ask,
  flagsOf,
  type Scene,
  writeArchive,
  writeCompose,
  writeConfigBundle,
  writeRunBundle,
} from './scene.ts'

type Answers = Readonly<Record<string, Words>>

/** What the others answer: by program, those that a case is something for. */
export interface PeerAnswers {
  readonly versions: Readonly<Record<string, string>>
  readonly run: (each: RunCase) => Promise<Answers>
  readonly load: (each: LoadCase) => Promise<Answers>
  readonly config: (each: ConfigCase) => Promise<Answers>
  readonly compose: (each: ComposeCase) => Promise<Answers>
  readonly close: () => Promise<void>
}

const versionOf = (program: string): string =>
  /\d+\.\d+\.\d+[^\s,]*/.exec(
    execFileSync(program, ['--version'], { encoding: 'utf8', stdio: 'pipe' }),
  )?.[0] ?? ''

interface Engine {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** runc, crun, podman and a docker daemon of its own, all below the folder of the scene. */
export async function peerAnswers(scene: Scene): Promise<PeerAnswers> {
  const folder = join(scene.folder, 'peers')
  mkdirSync(folder)
  const tarball = join(scene.folder, 'rootfs.tar')
  const daemon = await startDaemon(folder)
  const engines: Readonly<Record<string, Engine>> = {
    podman: { words: podmanWords(folder), env: {} },
    docker: { words: ['docker'], env: { DOCKER_HOST: `unix://${folder}/sock` } },
  }
  let images = 0
  const image = async (
    { words, env }: Engine,
    changes: readonly string[] = [],
  ): Promise<string> => {
    const name = `localhost/broken-${images++}`
    const flags = changes.flatMap((change) => ['--change', change])
    const made = await ask(scene, [...words, 'import', ...flags, tarball, name], env)
    if (made.exitCode !== 0) throw new Error(made.text)
    return name
  }
  const plain = new Map<string, string>()
  for (const [name, engine] of Object.entries(engines)) {
    plain.set(name, await image(engine))
    const words = ['create', '--name', 'taken', plain.get(name) ?? '', 'true']
    await ask(scene, [...engine.words, ...words], engine.env)
  }
  const runtime = (name: string, bundle: string): Promise<Words> => {
    const words = [name, '--root', join(folder, name), 'run', '--bundle', bundle]
    return ask(scene, [...words, `case-${bundle.split('-').at(-1) ?? ''}`])
  }
  return {
    versions: Object.fromEntries(
      ['runc', 'crun', 'podman', 'dockerd', 'docker-compose'].map((name) => [
        name === 'dockerd' ? 'docker' : name,
        versionOf(name),
      ]),
    ),
    async run(each) {
      const bundle = writeRunBundle(scene, each)
      const answers: Record<string, Words> = {}
      if (bundle !== undefined) answers['runc'] = await runtime('runc', bundle)
      for (const [name, engine] of Object.entries(engines)) {
        const made = each.changes ? await image(engine, each.changes) : (plain.get(name) ?? '')
        const flags = ['--rm', ...limits, ...flagsOf(each, scene)]
        const words = [...engine.words, 'run', ...flags, made, ...each.program]
        answers[name] = await ask(scene, words, engine.env)
      }
      return answers
    },
    async load(each) {
      const answers: Record<string, Words> = {}
      for (const [name, { words, env }] of Object.entries(engines))
        answers[name] = await ask(scene, [...words, 'load', '-i', writeArchive(scene, each)], env)
      return answers
    },
    async config(each) {
      const bundle = writeConfigBundle(scene, each)
      return { runc: await runtime('runc', bundle), crun: await runtime('crun', bundle) }
    },
    async compose(each) {
      const words = ['docker-compose', '-f', writeCompose(scene, each), 'config', '-q']
      return { 'docker-compose': await ask(scene, words) }
    },
    async close() {
      await ask(scene, [...podmanWords(folder), 'rm', '--all', '--force', '--time', '0'])
      await end(daemon)
      await ask(scene, ['umount', join(folder, 'storage/overlay')])
    },
  }
}

/** Without raising limits: hosts may lack CAP_SYS_RESOURCE. */
const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024']

function podmanWords(folder: string): string[] {
  const at = (name: string): string => join(folder, name)
  const places = ['--root', at('storage'), '--runroot', at('run'), '--tmpdir', at('tmp')]
  return ['podman', ...places, '--cgroup-manager', 'cgroupfs', '--runtime', 'runc']
}

async function startDaemon(folder: string): Promise<ChildProcess> {
  const at = (name: string): string => join(folder, name)
  const log = openSync(at('dockerd.log'), 'a')
  const words = [
    'dockerd',
    `--data-root=${at('data')}`,
    `--exec-root=${at('exec')}`,
    `--pidfile=${at('docker.pid')}`,
    `--host=unix://${at('sock')}`,
  ]
  const [program = '', ...args] = words
  const daemon = spawn(program, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  const env = { ...process.env, DOCKER_HOST: `unix://${at('sock')}` }
  for (let attempt = 0; attempt < 100 && daemon.exitCode === null; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    try {
      execFileSync('docker', ['version'], { env, stdio: 'ignore' })
      return daemon
    } catch {
      // It does not listen yet.
    }
  }
  await end(daemon)
  throw new Error('dockerd did not listen within 20 s')
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return
  daemon.kill('SIGTERM')
  await once(daemon, 'exit')
}
