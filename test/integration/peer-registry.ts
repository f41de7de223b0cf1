import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'

export interface PeerRegistryOptions {
  /** Of users and their bcrypt hashes. */
  readonly htpasswd?: string | undefined
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

/**
 * Start Debian's docker-registry on a free port; it ends with the test.
 *
 * @returns "localhost:41234"
 */
export async function startPeerRegistry(
  t: Test,
  folder: string,
  { htpasswd, tls }: PeerRegistryOptions = {},
): Promise<string> {
  mkdirSync(folder)
  const config = {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      addr: '127.0.0.1:0',
      ...(tls && { tls: { certificate: tls.cert, key: tls.key } }),
    },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'peer', path: htpasswd } } }),
  }
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config))
  // To a file: a pipe fills up while the test waits for a command, and then the registry waits too.
  const log = join(folder, 'log')
  const output = openSync(log, 'w')
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'ignore', output],
  })
  closeSync(output)
  const closed = once(child, 'close')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await closed
  })
  for (;;) {
    const said = readFileSync(log, 'utf8')
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    if (port !== undefined) return `localhost:${port}`
    if (child.exitCode !== null) throw new Error(`docker-registry did not start: ${said}`)
    await setTimeout(10)
  }
}
