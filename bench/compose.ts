import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import type { Laboratory } from './laboratory.ts'
import { startResidentEngine } from './resident-engine.ts'
import type { Row } from './samples.ts'
import { takeSamples } from './samples.ts'
import { printTable } from './table.ts'

const services = 10

/** Ten services on a network of their own, their image present: `up -d`, until the command is back. */
export async function measureCompose(laboratory: Laboratory): Promise<void> {
  const engine = await startResidentEngine(laboratory)
  try {
    const file = writeProject(laboratory.folder)
    const rows = [
      row(laboratory, 'mycontainer', `mycontainer compose -f ${file}`, true),
      row(laboratory, 'mycontainer, resident engine', `${engine.command} compose -f ${file}`, true),
      ...peerRows(laboratory, file),
    ]
    const title = `compose up of ${services} services`
    printTable({ title, unit: 'ms' }, await takeSamples(rows, laboratory.runs))
  } finally {
    await engine.close()
  }
}

function writeProject(folder: string): string {
  const project = join(folder, 'ten')
  mkdirSync(project)
  const service = { image: 'bench', command: ['sleep', '1000'], stop_signal: 'SIGKILL' }
  const names = Array.from({ length: services }, (_, index) => `s${index}`)
  const path = join(project, 'docker-compose.yaml')
  // JSON is YAML.
  writeFileSync(
    path,
    JSON.stringify({
      version: '3.8',
      services: Object.fromEntries(names.map((name) => [name, service])),
    }),
  )
  return path
}

function row({ shell }: Laboratory, title: string, command: string, isOurs = false): Row {
  const up = `${command} up -d`
  return {
    title,
    command: up,
    isOurs,
    async sample() {
      const time = await shell.time(up)
      await shell.time(`${command} down`)
      return time
    },
  }
}

function peerRows(laboratory: Laboratory, file: string): Row[] {
  const { peers, folder } = laboratory
  const rows: Row[] = []
  if (findProgram('docker-compose') && peers.some(({ name }) => name === 'docker'))
    rows.push(row(laboratory, 'docker-compose', `docker-compose -f ${file}`))
  if (findProgram('podman-compose')) {
    const storage = `CONTAINERS_STORAGE_CONF=${podmanStorage(folder)}`
    rows.push(row(laboratory, 'podman-compose', `${storage} podman-compose -f ${file}`))
  }
  return rows
}

/** podman-compose takes no root of its own: podman reads this. */
function podmanStorage(folder: string): string {
  const path = join(folder, 'storage.conf')
  const [graph, run] = [join(folder, 'podman-compose'), join(folder, 'podman-compose-run')]
  writeFileSync(path, `[storage]\ndriver = "overlay"\ngraphroot = "${graph}"\nrunroot = "${run}"\n`)
  execFileSync('podman', ['import', join(folder, 'rootfs.tar'), 'bench'], {
    env: { ...process.env, CONTAINERS_STORAGE_CONF: path },
    stdio: 'ignore',
  })
  return path
}
