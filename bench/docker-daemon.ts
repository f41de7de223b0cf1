import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface DockerDaemon {
  /** For DOCKER_HOST. */
  readonly host: string
  close(): Promise<void>
}

/**
 * A private dockerd with everything below one folder. Its bridge and firewall rules live in the
 * network namespace it is started in.
 *
 * @throws {Error} where it does not listen within 20 s; its log is in the folder
 */
export async function startDockerDaemon(dockerd: string, folder: string): Promise<DockerDaemon> {
  const socket = join(folder, 'docker.sock')
  const log = openSync(join(folder, 'dockerd.log'), 'a')
  const words = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')]
  const child = spawn(
    dockerd,
    [...words, '--pidfile', join(folder, 'docker.pid'), '-H', `unix://${socket}`],
    { stdio: ['ignore', log, log] },
  )
  closeSync(log)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) child.kill('SIGTERM')
    await ended
  }
  try {
    await waitForSocket(socket, child)
  } catch (error) {
    await close()
    throw error
  }
  return { host: `unix://${socket}`, close }
}

async function waitForSocket(path: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`dockerd ended with exit code ${child.exitCode}`)
    if (await canConnect(path)) return
    await delay(100)
  }
  throw new Error('dockerd did not listen within 20 s')
}

function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
