import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A systemd of the test's own: first process of a pid namespace, with groups and a /run of its own. */
export interface OwnSystemd {
  /** In front of a command that is to run beside it. */
  readonly prefix: readonly string[]
  /** What systemctl(1) prints. */
  readonly control: (...args: readonly string[]) => string
  readonly end: () => Promise<void>
}

const top = '/sys/fs/cgroup'

/** A file system of its own for what it writes, the host's for reading; one target that wants nothing. */
const boot = `
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
hierarchies=$(ls ${top})
[ -e ${top}/cgroup.procs ] && hierarchies=
umount -R ${top}
[ -n "$hierarchies" ] || mount -t cgroup2 cgroup2 ${top}
[ -z "$hierarchies" ] || mount -t tmpfs tmpfs ${top}
for one in $hierarchies; do
  mkdir ${top}/$one
  case $one in
    unified) mount -t cgroup2 cgroup2 ${top}/$one ;;
    systemd) mount -t cgroup -o none,name=systemd cgroup ${top}/$one ;;
    *) mount -t cgroup -o $one cgroup ${top}/$one ;;
  esac
done
mount --bind "$0" "$0"
mount -o remount,bind,ro /
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mkdir -p /run/systemd/system
printf '[Unit]\\nDefaultDependencies=no\\n' > /run/systemd/system/alone.target
exec /lib/systemd/systemd --system --unit=alone.target --log-target=null --show-status=no
`

/** The groups that it is to see as the top of their hierarchies. */
function makeGroups(name: string): string[] {
  const isUnified = existsSync(join(top, 'cgroup.procs'))
  const parents = isUnified ? [top] : readdirSync(top).map((one) => join(top, one))
  return parents.map((parent) => {
    const group = join(parent, name)
    mkdirSync(group)
    for (const file of ['cpuset.cpus', 'cpuset.mems'])
      if (!isUnified && existsSync(join(group, file)))
        writeFileSync(join(group, file), readFileSync(join(parent, file)))
    return group
  })
}

/**
 * Start a systemd that touches nothing of this host but its own control groups.
 *
 * @param name of those groups
 * @param folder that stays writable for whoever runs beside it
 */
export async function startSystemd(name: string, folder: string): Promise<OwnSystemd> {
  const groups = makeGroups(name)
  const entering = groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join('\n')
  const words = ['--pid', '--fork', '--kill-child', '--mount', '--cgroup', '--uts', '--ipc']
  const unshare = spawn(
    'sh',
    ['-c', `${entering}\nexec unshare ${words.join(' ')} sh -c "$1" "$0"`, folder, boot],
    {
      env: { PATH: process.env['PATH'], container: 'other' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const ended = new Promise((resolve) => unshare.once('exit', resolve))
  const pid = await childOf(unshare.pid ?? 0)
  const prefix = ['nsenter', `--target=${pid}`, '-m', '-p', '-C', '-u', '-i', '--']
  const control = (...args: readonly string[]): string =>
    spawnSync('nsenter', [...prefix.slice(1), 'systemctl', ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    }).stdout
  for (let round = 0; round < 600; round++) {
    if (control('is-active', 'alone.target').trim() === 'active') break
    await pause(50)
  }
  return {
    prefix,
    control,
    async end() {
      unshare.kill('SIGKILL')
      await ended
      for (const group of groups) await removeTree(group)
    },
  }
}

async function childOf(pid: number): Promise<number> {
  for (let round = 0; round < 600; round++) {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    if (/^\d+$/.test(text)) return Number(text)
    await pause(20)
  }
  throw new Error('systemd did not start')
}

/** Its processes die a moment after it. */
async function removeTree(group: string): Promise<void> {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) await removeTree(join(group, entry.name))
  for (let round = 0; round < 200; round++) {
    try {
      return rmdirSync(group)
    } catch {
      await pause(20)
    }
  }
}
