import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { removeNetworks } from './remove-networks.ts'

/** A folder for one test, with the real command line on a state root of its own. */
export interface ImageBench {
  readonly base: string
  /** Run `myimage`; returns its standard output, trimmed. Throws where it fails. */
  readonly myimage: (...parameters: string[]) => string
  /** Run `myimage` and give back how it ended. */
  readonly fails: (...parameters: string[]) => {
    status: number | null
    stdout: string
    stderr: string
  }
  /** Run podman on a storage of its own. */
  readonly podman: (...parameters: string[]) => string
  readonly buildah: (...parameters: string[]) => string
}

const command = join(import.meta.dirname, '../../bin/myimage')

export function imageBench(t: Test): ImageBench {
  const base = mkdtempSync(join(tmpdir(), 'image-'))
  const storage = [
    '--root',
    join(base, 'peer'),
    '--runroot',
    join(base, 'peer-run'),
    '--storage-driver',
    'vfs',
  ]
  const env = { ...process.env, MYCONTAINER_ROOT: join(base, 'state') }
  const run = (program: string, parameters: readonly string[]): string =>
    execFileSync(program, parameters, { env, cwd: base, encoding: 'utf8' }).trim()
  t.teardown(() => {
    removeNetworks(join(base, 'state'))
    rmSync(base, { recursive: true, force: true })
  })
  return {
    base,
    myimage: (...parameters) => run(command, parameters),
    podman: (...parameters) => run('podman', [...storage, ...parameters]),
    buildah: (...parameters) => run('buildah', [...storage, ...parameters]),
    fails: (...parameters) => {
      const { status, stdout, stderr } = spawnSync(command, parameters, { env, encoding: 'utf8' })
      return { status, stdout, stderr }
    },
  }
}
