import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type CommandBench, runCommand } from './command-line.ts'

const checkout = join(import.meta.dirname, '../..')
const source = join(checkout, 'test/fixtures/attack.c')

/** The binary all our processes around a container run from. */
export const shimPath = join(checkout, 'dist/mycontainer-shim')

export const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

/**
 * The attack program, compiled once for each state of its source. It is kept in dist/ because a
 * guest of test/vm gets that folder and has no compiler.
 */
export function buildAttack(): string {
  const binary = join(checkout, `dist/attack-${hashOf(source).slice(0, 16)}`)
  if (existsSync(binary)) return binary
  const unfinished = `${binary}.${process.pid}`
  execFileSync('gcc', ['-static', '-O1', '-Wall', '-o', unfinished, source])
  renameSync(unfinished, binary)
  return binary
}

/** One entry of a root: the target of a link, the text of a file, or a folder. */
export type RootEntry = { readonly link: string } | { readonly text: string } | 'folder'

export type RootEntries = Readonly<Record<string, RootEntry>>

/**
 * Make a root with a shell (busybox) and the attack program.
 * @param entries what the attacker adds, by path; a parent that is a link is the attacker's business
 * @returns the folder
 */
export function makeRoot(bench: CommandBench, entries: RootEntries = {}): string {
  const root = mkdtempSync(join(bench.folder, 'root-'))
  chmodSync(root, 0o755)
  for (const folder of ['bin', 'etc', 'tmp']) mkdirSync(join(root, folder))
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  copyFileSync(busybox, join(root, 'bin/busybox'))
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name))
  copyFileSync(buildAttack(), join(root, 'bin/attack'))
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/:/bin/sh\nguest:x:1000:1000::/:/bin/sh\n',
  )
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nguest:x:1000:\n')
  for (const [path, entry] of Object.entries(entries)) {
    const place = join(root, path)
    mkdirSync(dirname(place), { recursive: true })
    if (entry === 'folder') mkdirSync(place, { recursive: true })
    else if ('link' in entry) symlinkSync(entry.link, place)
    else writeFileSync(place, entry.text, { mode: 0o755 })
  }
  return root
}

/** The same as an image. */
export function makeImage(bench: CommandBench, name: string, entries: RootEntries = {}): void {
  const root = makeRoot(bench, entries)
  const archive = `${root}.tar`
  execFileSync('tar', ['-C', root, '-cf', archive, '.'])
  execFileSync(join(checkout, 'bin/myimage'), ['import', archive, name], {
    env: { ...process.env, MYCONTAINER_ROOT: bench.root },
  })
}

/** Run the shell of such an image to its end, without a network. */
export async function runShell(
  bench: CommandBench,
  image: string,
  shell: string,
  ...flags: string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const args = ['run', '--rm', '--network', 'none', ...flags, image, '/bin/sh', '-c', shell]
  return runCommand(args, { root: bench.root })
}
