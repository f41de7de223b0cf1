import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { buildTar } from '../../rootfs/layer/tar-builder.ts'
import { groupFolders } from '../oci-bench.ts'
import { makeBrokenImage, makeHostFiles } from './broken-image.ts'
import type {
  BrokenConfig,
  ComposeCase,
  ConfigCase,
  LoadCase,
  RunCase,
  Words,
} from './failure-case.ts'

/** The files that broken things are made of, below one folder, and a port that is in use. */
export interface Scene {
  readonly folder: string
  readonly rootfs: string
  /** Files of the host that cases name. */
  readonly host: string
  readonly port: number
  readonly close: () => void
}

export async function makeScene(folder: string): Promise<Scene> {
  const [rootfs, host] = [join(folder, 'rootfs'), join(folder, 'host')]
  mkdirSync(rootfs)
  mkdirSync(host)
  makeBrokenImage(rootfs)
  makeHostFiles(host)
  const server = await listen()
  const { port } = server.address() as AddressInfo
  return {
    folder,
    rootfs,
    host,
    port,
    close: () => {
      server.close()
      removeGroups()
    },
  }
}

function listen(): Promise<Server> {
  const server = createServer()
  return new Promise((resolve) => server.listen(0, '0.0.0.0', () => resolve(server)))
}

/** The flags of a case; most need no network. */
export function flagsOf({ flags = [] }: RunCase, { host, port }: Scene): string[] {
  const words = flags.map((word) =>
    word.replaceAll('{host}', host).replaceAll('{port}', String(port)),
  )
  return words.includes('--network') ? words : ['--network', 'none', ...words]
}

let count = 0
function newFolder({ folder }: Scene): string {
  const path = join(folder, `input-${count++}`)
  mkdirSync(path)
  return path
}

/** @returns the path of an `image.tar` */
export function writeArchive(scene: Scene, { parts }: LoadCase): string {
  const made = parts(goodArchive())
  const path = join(newFolder(scene), 'image.tar')
  writeFileSync(path, Buffer.isBuffer(made) ? made : pack(made))
  return path
}

const pack = (parts: ReadonlyMap<string, Buffer>): Buffer =>
  buildTar([...parts].map(([name, content]) => ({ name, content })))

/** The files of an archive in docker's format. */
export function goodArchive(): Map<string, Buffer> {
  const layer = pack(new Map([['etc/motd', Buffer.from('hello\n')]]))
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] },
    }),
  )
  const name = `${digest(config)}.json`
  const manifest = [{ Config: name, RepoTags: ['broken:latest'], Layers: ['layer/layer.tar'] }]
  return new Map([
    ['manifest.json', Buffer.from(JSON.stringify(manifest))],
    [name, config],
    ['layer/layer.tar', layer],
  ])
}

const ociCommand = join(import.meta.dirname, '../../../bin/mycontainer-oci')
let example: string | undefined

const parentGroup = `/mycontainer-failures-${process.pid}`

function removeGroups(): void {
  for (const folder of groupFolders(parentGroup)) {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) rmdirSync(join(folder, entry.name))
    rmdirSync(folder)
  }
}

/** A configuration that works, of the broken image. */
function goodConfig(scene: Scene): BrokenConfig {
  const folder = newFolder(scene)
  if (example === undefined) {
    execFileSync(ociCommand, ['spec', '--bundle', folder])
    example = readFileSync(join(folder, 'config.json'), 'utf8')
  }
  const config = JSON.parse(example) as BrokenConfig
  config.root = { path: scene.rootfs }
  config.process['terminal'] = false
  config.process.args = ['/bin/true']
  config.linux['cgroupsPath'] = `${parentGroup}/${count}`
  return config
}

/** @returns the folder of a bundle; undefined where a runtime alone knows no such fault */
export function writeRunBundle(scene: Scene, each: RunCase): string | undefined {
  if (!each.config && (each.flags || each.changes)) return undefined
  const config = goodConfig(scene)
  config.process.args = [...each.program]
  each.config?.(config, scene.host)
  return writeBundle(scene, JSON.stringify(config))
}

export function writeConfigBundle(scene: Scene, { change }: ConfigCase): string {
  const config = goodConfig(scene)
  return writeBundle(scene, change(config, scene.host) ?? JSON.stringify(config))
}

function writeBundle(scene: Scene, text: string): string {
  const folder = newFolder(scene)
  writeFileSync(join(folder, 'config.json'), text)
  return folder
}

/** @returns the path of a `compose.yaml` */
export function writeCompose(scene: Scene, { text }: ComposeCase): string {
  const path = join(newFolder(scene), 'compose.yaml')
  writeFileSync(path, text)
  return path
}

/** Run a program to its end. */
export function ask(
  scene: Scene,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Words> {
  const [program = '', ...args] = words
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const chunks: Buffer[] = []
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ exitCode: code ?? -1, text: plain(scene, Buffer.concat(chunks).toString()) }),
    )
  })
}

/** Without what differs from run to run: places, identifiers, times. */
function plain({ folder, port }: Scene, text: string): string {
  return text
    .replaceAll(folder, '…')
    .replaceAll(String(port), 'PORT')
    .replaceAll(/…\/[a-z-]+\/(?:overlay2?|vfs|data|containers)\/[^\s:"]*/g, '…')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(parentGroup, '/GROUP')
    .replaceAll(/input-\d+/g, 'bundle')
    .replaceAll(/\/var\/tmp\/oci\d+/g, '…')
    .replaceAll(/\s*Run 'docker run --help' for more information\s*/g, '')
    .replaceAll(/\bcase-\d+\b/g, 'CASE')
    .replaceAll(/holder=[0-9a-f]{12}\b/g, 'holder=ID')
    .replaceAll(/endpoint \w+/g, 'endpoint NAME')
    .replaceAll(/ pc=\d+/g, '')
    .replaceAll(/time="[^"]*" /g, '')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?:? ?/g, '')
    .trim()
}
