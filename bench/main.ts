// `npm run bench -- start|exec|memory|many|import|build|registry|registry-server|cli|compose|scheduler|cluster|all [--runs N]`: this project beside the engines that
// are installed, measured in turns in one run. Prints what it saw and asserts nothing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { measureBuild } from './build.ts'
import { measureCommands } from './cli.ts'
import { measureCluster } from './cluster.ts'
import { measureCompose } from './compose.ts'
import { measureExec } from './exec.ts'
import { measureImport } from './import.ts'
import { type Laboratory, openLaboratory } from './laboratory.ts'
import { measureMany } from './many.ts'
import { measureMemory } from './memory.ts'
import { measureRegistry } from './registry.ts'
import { measureRegistryServer } from './registry-server.ts'
import { measureScheduler } from './scheduler.ts'
import { measureStart } from './start.ts'

const parts: Readonly<Record<string, (laboratory: Laboratory) => Promise<void>>> = {
  start: measureStart,
  exec: measureExec,
  memory: measureMemory,
  many: measureMany,
  import: measureImport,
  build: measureBuild,
  registry: measureRegistry,
  'registry-server': measureRegistryServer,
  cli: measureCommands,
  compose: measureCompose,
  scheduler: measureScheduler,
  cluster: measureCluster,
}

const usage = `usage: npm run bench -- ${Object.keys(parts).join('|')}|all [--runs N]\n`
const isolatedFlag = 'MYCONTAINER_BENCH_ISOLATED'

/** Bridges, firewall rules and mounts of every engine end with these two namespaces. */
function runIsolated(): number {
  const script = `ip link set lo up && exec "$0" "$@"`
  const { status, error } = spawnSync(
    'unshare',
    ['--net', '--mount', 'sh', '-c', script, process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [isolatedFlag]: '1' } },
  )
  if (error) process.stderr.write(`bench: unshare: ${error.message}\n`)
  return status ?? 1
}

interface Wish {
  readonly names: readonly string[]
  readonly runs: number
}

function readArguments(words: readonly string[]): Wish | undefined {
  const at = words.indexOf('--runs')
  const runs = at < 0 ? 10 : Number(words[at + 1])
  const rest = at < 0 ? words : words.toSpliced(at, 2)
  const names = rest.includes('all') ? Object.keys(parts) : rest
  const isKnown = names.length > 0 && names.every((name) => name in parts)
  return isKnown && Number.isInteger(runs) && runs > 0 ? { names, runs } : undefined
}

async function measure({ names, runs }: Wish): Promise<void> {
  process.stdout.write(`# kernel ${release()}, Node ${process.version}, --runs ${runs}\n`)
  const laboratory = await openLaboratory(runs)
  // An interrupted run must not leave a daemon and its mounts behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void laboratory.close().then(() => process.exit(130)))
  try {
    for (const name of names) await parts[name]?.(laboratory)
  } finally {
    await laboratory.close()
  }
}

async function main(): Promise<number> {
  const wish = readArguments(process.argv.slice(2))
  if (!wish) {
    process.stderr.write(usage)
    return 2
  }
  if (process.getuid?.() !== 0) {
    process.stderr.write('bench: the other engines need root here: run it as root\n')
    return 2
  }
  if (!existsSync(join(import.meta.dirname, '../dist/index.js'))) {
    process.stderr.write('bench: not built yet: run "npm run build"\n')
    return 2
  }
  if (process.env[isolatedFlag] !== '1') return runIsolated()
  await measure(wish)
  return 0
}

// A client socket that is still open must not keep a finished run alive.
process.exit(await main())
