import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { packageRoot } from '../../../native/paths.ts'
import type { Build } from '../model/service.ts'
import { serviceImage } from '../plan/service-image.ts'
import type { Session } from './session.ts'

export interface BuildOptions {
  readonly noCache: boolean
  readonly pull: boolean
  readonly quiet: boolean
  /** `NAME=value`, over what the file says. */
  readonly args: readonly string[]
  readonly push: boolean
}

/** Build the images of services, one after the other: each build uses all processors by itself. */
export async function buildImages(
  session: Session,
  services: readonly string[],
  options: BuildOptions,
): Promise<void> {
  for (const service of services) {
    const build = session.project.services[service]?.build
    if (build) await buildImage(session, service, build, options)
  }
}

async function buildImage(
  session: Session,
  service: string,
  build: Build,
  options: BuildOptions,
): Promise<void> {
  const { project, say, isDryRun } = session
  const image = serviceImage(project, service)
  say(`Image ${image}`, 'Building')
  if (isDryRun) return
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-compose-'))
  try {
    const words = buildWords(session, build, { image, folder, options })
    await runMyimage(session, words)
    say(`Image ${image}`, 'Built')
    if (options.push) await runMyimage(session, ['push', image])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface BuildPlace {
  readonly image: string
  /** For what has to be a file. */
  readonly folder: string
  readonly options: BuildOptions
}

function buildWords(
  { project }: Session,
  build: Build,
  { image, folder, options }: BuildPlace,
): string[] {
  const { context = project.folder, dockerfile, dockerfileInline } = build
  const inline = join(folder, 'Dockerfile')
  if (dockerfileInline !== undefined) writeFileSync(inline, dockerfileInline)
  const file = dockerfileInline === undefined ? dockerfile && join(context, dockerfile) : inline
  const values = Object.entries(build.args ?? {}).map(([name, value]) =>
    value === null ? name : `${name}=${value}`,
  )
  const each = (name: string, given: readonly string[] = []): string[] =>
    given.flatMap((value) => [`--${name}`, value])
  return [
    'build',
    ...each('tag', [image, ...(build.tags ?? [])]),
    ...each('file', file === undefined ? [] : [file]),
    ...each('build-arg', [...values, ...options.args]),
    ...each(
      'label',
      Object.entries(build.labels ?? {}).map(([name, value]) => `${name}=${value}`),
    ),
    ...each('target', build.target === undefined ? [] : [build.target]),
    ...each('network', build.network === undefined ? [] : [build.network]),
    ...each('platform', build.platforms?.slice(0, 1)),
    ...each('cache-from', build.cacheFrom),
    ...each('cache-to', build.cacheTo),
    ...each(
      'secret',
      build.secrets?.map(({ source, target = source }) =>
        secretWord(project, source, target, folder),
      ),
    ),
    ...(options.noCache || build.noCache === true ? ['--no-cache'] : []),
    ...(options.pull || build.pull === true ? ['--pull'] : []),
    ...(options.quiet ? ['--quiet'] : []),
    context,
  ]
}

function secretWord(
  { secrets }: Session['project'],
  source: string,
  id: string,
  folder: string,
): string {
  const secret = secrets[source]
  if (secret?.kind === 'file') return `id=${id},src=${secret.path}`
  const path = join(folder, `secret-${source}`)
  writeFileSync(path, secret?.kind === 'text' ? secret.text : '', { mode: 0o600 })
  return `id=${id},src=${path}`
}

/** The image tool on the same state. @throws {OperationError} `START_FAILED` when it fails; it has told why */
export async function runMyimage(
  { engine, io, project }: Session,
  words: readonly string[],
): Promise<void> {
  const root = engine.root === undefined ? [] : ['--root', engine.root]
  const child = spawn(join(packageRoot, 'bin/myimage'), [...root, ...words], {
    cwd: project.folder,
    env: { ...io.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // What is told belongs to how it goes on, not to the output of the command.
  child.stdout.on('data', (chunk: Buffer) => io.stderr.write(chunk))
  child.stderr.on('data', (chunk: Buffer) => io.stderr.write(chunk))
  const abort = (): void => void child.kill('SIGINT')
  io.signal?.addEventListener('abort', abort, { once: true })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  const code = await promise
  io.signal?.removeEventListener('abort', abort)
  if (code === 0) return
  throw new OperationError(
    'START_FAILED',
    `myimage ${words[0]} ${words.at(-1)}`,
    { exitCode: code ?? 'a signal' },
    { exitCode: 1, hint: 'Its message is above' },
  )
}
