import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { kubectlBinaries } from '../conformance/kubectl.ts'

export interface KubectlVersion {
  readonly path: string
  /** `20` for 1.20. */
  readonly minor: number
}

const project = join(import.meta.dirname, '../..')
/** The package of Debian, where kubectl came from elsewhere. */
const kept = join(project, 'node_modules/.cache/kubernetes-client')

/**
 * The kubectls to try with: the oldest and the newest that this machine has, and Debian's, which is much older than
 * most people's.
 *
 * @param asked `all`: every one that there is; `1.27,1.31`: these
 */
export function kubectlVersions(asked = ''): KubectlVersion[] {
  const own = kubectlBinaries()
  const debian = debianKubectl()
  const chosen =
    asked !== ''
      ? own
      : own.length > 1 && debian === undefined
        ? [own[0], own.at(-1)]
        : own.slice(-1)
  return [debian, ...chosen]
    .filter((path) => path !== undefined)
    .map((path) => ({ path, minor: minorOf(path) }))
    .filter(({ minor }, at, list) => list.findIndex((other) => other.minor === minor) === at)
    .filter(({ minor }) => !asked.startsWith('1.') || asked.split(',').includes(`1.${minor}`))
    .toSorted((a, b) => a.minor - b.minor)
}

function minorOf(path: string): number {
  const text = execFileSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
  const { clientVersion } = JSON.parse(text) as { clientVersion: { minor: string } }
  return Number.parseInt(clientVersion.minor, 10)
}

/** Fetched once and unpacked, not installed: another kubectl may be in its place. @returns undefined where there is none to be had */
function debianKubectl(): string | undefined {
  const path = join(kept, 'usr/bin/kubectl')
  if (existsSync(path)) return path
  mkdirSync(dirname(kept), { recursive: true })
  const folder = mkdtempSync(`${kept}-`)
  try {
    const options = { cwd: folder, stdio: 'ignore', timeout: 60_000 } as const
    execFileSync('apt-get', ['download', 'kubernetes-client'], options)
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? ''
    execFileSync('dpkg-deb', ['-x', archive, 'unpacked'], options)
    renameSync(join(folder, 'unpacked'), kept)
    return path
  } catch {
    // No Debian, or no network.
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
