import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { completeFirstMount, diskOf } from './disk-volume.ts'
import type { VolumePlan } from './volume-plan.ts'
import type { Volume } from './volume-store.ts'

// By mount(8) and umount(8): they know the helpers of network file systems, and loop devices.

/** Loaded when it is needed: every command that lists containers imports this file. */
const processes = () => process.getBuiltinModule('node:child_process')

/** @throws {OperationError} `SYSCALL_FAILED` with what mount(8) said */
export function mountVolume({ name, mountpoint }: Volume, plan: VolumePlan): void {
  if (plan.kind === 'bind') return
  const words =
    plan.kind === 'disk'
      ? ['-t', 'ext4', '-o', 'loop,nosuid,nodev', '--', diskOf(dirname(mountpoint)), mountpoint]
      : ['-t', plan.type, ...optionWords(plan.options), '--', plan.device, mountpoint]
  const env = { ...process.env, LC_ALL: 'C' }
  const done = processes().spawnSync('mount', words, { encoding: 'utf8', env })
  if (done.status !== 0)
    throw new OperationError(
      'SYSCALL_FAILED',
      `mount the volume ${name}`,
      { options: words.join(' ').slice(0, 300), said: reasonOf(done) },
      { hint: hintFor(plan), exitCode: 125 },
    )
  if (plan.kind === 'disk') completeFirstMount(dirname(mountpoint))
}

function optionWords(options: string): string[] {
  return options === '' ? [] : ['-o', options]
}

function reasonOf({ error, stderr }: { error?: Error | undefined; stderr: string | null }): string {
  if (isSystemError(error, 'ENOENT')) return 'there is no program mount'
  return (stderr ?? '').trim().split('\n')[0]?.slice(0, 200) ?? ''
}

function hintFor(plan: VolumePlan): string {
  if (plan.kind === 'disk')
    return 'A size needs a loop device, which root alone may use; a tmpfs does without: -o type=tmpfs -o o=size=SIZE'
  return 'Try the same with mount(8); an ordinary user may mount no more than tmpfs'
}

/** @returns whether nothing is mounted there any more */
export function unmountVolume({ mountpoint }: Pick<Volume, 'mountpoint'>): boolean {
  if (!isMountPoint(mountpoint)) return true
  const done = processes().spawnSync('umount', ['--', mountpoint], { stdio: 'ignore' })
  return done.status === 0
}

/** By /proc/self/mountinfo, proc_pid_mountinfo(5): spaces and the like are octal there. */
export function isMountPoint(path: string): boolean {
  const text = readFileSync('/proc/self/mountinfo', 'utf8')
  const escaped = path.replaceAll(
    /[ \t\n\\]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
  return text.split('\n').some((line) => line.split(' ')[4] === escaped)
}
