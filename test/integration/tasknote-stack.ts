import { execFile } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import type { Test } from 'tap'
import { type CommandBench, commandBench, waitUntil } from './command-line.ts'

// TaskNote as its user works with it: the commands of the labs, on a state root of the test's own.

const project = join(import.meta.dirname, '../..')
export const exampleFolder = join(project, 'examples/tasknote')

export interface TaskNote extends CommandBench {
  /** Run `myimage`; both streams, or an error with what it wrote. */
  readonly myimage: (...args: string[]) => Promise<{ stdout: string; stderr: string }>
  /** A copy of the example, to change. */
  readonly copyExample: () => string
  /** Address of the API in a container. */
  readonly urlOf: (container: string) => Promise<string>
}

/** A bench that has TaskNote's base images. */
export async function taskNoteBench(t: Test): Promise<TaskNote> {
  const bench = commandBench(t)
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  const call = promisify(execFile)
  // Quick when npm's registry was asked before; else it is a download.
  await call(join(exampleFolder, 'make-base-images'), { env, timeout: 240_000 })
  return {
    ...bench,
    myimage: (...args) => call(join(project, 'bin/myimage'), args, { env, timeout: 120_000 }),
    copyExample() {
      const folder = join(bench.folder, 'tasknote')
      const isOurs = (path: string): boolean => !path.endsWith('/node_modules')
      cpSync(exampleFolder, folder, { recursive: true, filter: isOurs })
      return folder
    },
    async urlOf(container) {
      const place = /\S+:\d+$/u.exec(await bench.ok('port', container, '8080'))
      return `http://${place?.[0]}`
    },
  }
}

/** PostgreSQL, Redis and the worker, on a network where they find each other by name. */
export async function startNeighbours({ ok, waitFor }: TaskNote, image: string): Promise<void> {
  const common = ['run', '-d', '--network', 'tasknote'] as const
  await ok('network', 'create', 'tasknote')
  const account = ['-e', 'POSTGRES_USER=tasknote', '-e', 'POSTGRES_PASSWORD=tasknote']
  const data = 'tasknote-data:/var/lib/postgresql/data'
  await ok(...common, '--name', 'database', ...account, '-v', data, 'localhost/postgres')
  await ok(...common, '--name', 'cache', 'localhost/redis')
  const worker = ['--name', 'worker', '--init', '--no-healthcheck', '-v', 'uploads:/app/uploads']
  await ok(...common, ...worker, image, 'node', 'src/worker.ts')
  await waitFor('database', '.State.Health.Status', 'healthy')
}

/** Start the API and wait until its health check says that it is well. @returns its address */
export async function startApi(note: TaskNote, image: string, name = 'api'): Promise<string> {
  const flags = ['--init', '-p', '127.0.0.1::8080', '-v', 'uploads:/app/uploads']
  await note.ok('run', '-d', '--network', 'tasknote', '--name', name, ...flags, image)
  await note.waitFor(name, '.State.Health.Status', 'healthy')
  const url = await note.urlOf(name)
  await waitUntil('the API is ready', async () => (await fetch(`${url}/ready`)).ok)
  return url
}

/** A picture of 640 by 480 dots as PNG, https://www.w3.org/TR/png-3/ */
export function makePicture(): Buffer {
  const [width, height] = [640, 480]
  const lines = Buffer.alloc(height * (1 + 3 * width), 'mycontainer')
  for (let y = 0; y < height; y++) lines[y * (1 + 3 * width)] = 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  const chunks = [
    ['IHDR', header],
    ['IDAT', deflateSync(lines)],
    ['IEND', Buffer.alloc(0)],
  ] as const
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, ...chunks.map(([type, data]) => pngChunk(type, data))])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const chunk = Buffer.alloc(8 + body.length)
  chunk.writeUInt32BE(data.length, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), 4 + body.length)
  return chunk
}
